/** Brings a stack's file to what its state is encrypted with, after the CLI has changed that, or has not. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { replaceFiles } from "../../../config/replaceFile.ts";
import { setSalt, setSecret } from "../../../config/stackEdit.ts";
import { readStackFile, type StackFile } from "../../../config/stackFile.ts";
import { digest, type SecretsChange } from "../decision/journal.ts";
import { pulumiOutput } from "../pulumi.ts";
import type { SystemStack } from "../stack.ts";

type Stack = Pick<SystemStack<unknown>, "name" | "file">;

/** The copy of the file on which the CLI works: its ciphertexts go with the state. */
export const engineDraft = (folder: string, name: string): string => path.join(folder, `Pulumi.${name}.yaml`);

/** The file under the new passphrase, as we encrypted it before the CLI began. */
export const ownDraft = (folder: string): string => path.join(folder, "next.yaml");

interface Providers {
  readonly type?: string;
  readonly state?: { readonly salt?: string };
}

/** What the state is encrypted with, as JSON. */
export async function providersOf(stack: Stack): Promise<string> {
  const { deployment } = JSON.parse(await pulumiOutput(stack, "stack", "export")) as {
    deployment?: { secrets_providers?: Providers } | null;
  };
  return JSON.stringify(deployment?.secrets_providers ?? {});
}

/**
 * Compares the state with what it was; if it was changed, the file follows.
 * @returns whether it was, and what is so now
 * @throws if the state cannot be read or was changed by somebody else; the message names the drafts and the way out
 */
export async function settleSecrets(
  stack: Stack,
  change: SecretsChange,
): Promise<{ readonly changed: boolean; readonly said: string }> {
  const name = path.basename(stack.file);
  const now = await providersOf(stack).catch((error: unknown) => {
    throw new Error(`${error instanceof Error ? error.message : String(error)}; ${wayOut(stack, change)}`);
  });
  if (now === change.before) {
    return { changed: false, said: `${name} and the state are as they were, and open with what they opened with` };
  }
  const before = readFileSync(stack.file, "utf8");
  if (digest(before) !== change.source) {
    // It follows already where only the journal was still to be removed.
    if (opensWith(before, JSON.parse(now) as Providers))
      return { changed: true, said: `${name} and the state are encrypted with the same already` };
    throw new Error(
      `${name} was edited since, and the state is changed already. Make the same edits in ${draftOf(stack, change)}, ` +
        `then: npx orrery decision --stack ${stack.name} --finish`,
    );
  }
  const text = followed(stack, change, before, JSON.parse(now) as Providers);
  if (text !== before) replaceFiles([{ file: stack.file, before, text }]);
  return {
    changed: true,
    said: `the state was changed already, so ${name} is, too: only the new passphrase or key opens both`,
  };
}

/** Whether the text has the salt of the state. */
function opensWith(text: string, { state }: Providers): boolean {
  return state?.salt !== undefined && text.includes(state.salt);
}

/** The file's text that goes with the state. */
function followed(stack: Stack, change: SecretsChange, text: string, now: Providers): string {
  const own = ownDraft(change.folder);
  const copy = readDraft(engineDraft(change.folder, stack.name));
  const fits = copy !== undefined && (now.type !== "passphrase" || copy.encryptionSalt === now.state?.salt);
  if (copy !== undefined && !fits) {
    throw new Error(`the state is encrypted with something that this change did not set; ${wayOut(stack, change)}`);
  }
  if (copy !== undefined) return existsSync(own) ? merged(text, copy) : copy.text;
  // The CLI's copy is damaged, e.g. by a power failure: the salts of file and state may differ, the passphrase does not.
  if (existsSync(own)) return readFileSync(own, "utf8");
  throw new Error(`${engineDraft(change.folder, stack.name)} is damaged; ${wayOut(stack, change)}`);
}

function readDraft(file: string): StackFile | undefined {
  try {
    return readStackFile(file);
  } catch {
    return undefined;
  }
}

/** The CLI's ciphertexts in our file, whose other bytes stay. */
function merged(text: string, { entries, encryptionSalt = "" }: StackFile): string {
  const secrets = [...entries].filter(([, { secret }]) => secret);
  return secrets.reduce((before, [key, { value }]) => setSecret(before, key, value), setSalt(text, encryptionSalt));
}

/** Which passphrase opens what, and what a person can do. */
function wayOut({ name, file }: Stack, { folder }: Pick<SecretsChange, "folder">): string {
  return (
    `${path.basename(file)} still opens with the old passphrase or key, ${draftOf({ name }, { folder })} is the same file for the new one. ` +
    `Commands say "incorrect passphrase" where the state has the other. If it has the new one: npx orrery decision --stack ${name} ` +
    `--finish puts the draft in place of the file; else --undo keeps the file as it is`
  );
}

const draftOf = ({ name }: Pick<Stack, "name">, { folder }: Pick<SecretsChange, "folder">): string =>
  existsSync(ownDraft(folder)) ? ownDraft(folder) : engineDraft(folder, name);

/** Puts the draft in place of the file, without asking the state. @throws if there is no draft that can be read */
export function takeDraft(stack: Stack, change: SecretsChange): string {
  const draft = draftOf(stack, change);
  const { text } = readStackFile(draft);
  replaceFiles([{ file: stack.file, before: readFileSync(stack.file, "utf8"), text }]);
  return `${path.basename(stack.file)} is encrypted with the new passphrase or key; the state was not asked`;
}
