/** Changes what a stack's secrets are encrypted with, in its file and in its state, by the CLI's own command. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { projectDir } from "../../../config/stackFile.ts";
import type { Decision } from "../decision/decide.ts";
import { digest, draftFolder, sync } from "../decision/journal.ts";
import { run } from "../process.ts";
import { pulumiProgram } from "../pulumi.ts";
import type { SystemStack } from "../stack.ts";
import { engineDraft, ownDraft, providersOf, settleSecrets } from "./settleSecrets.ts";

type Stack = Pick<SystemStack<unknown>, "name" | "file">;

/** What the CLI takes from where: from one passphrase to another it reads the new one, else it has the only one in its variable. */
interface Passphrases {
  readonly variable: string;
  readonly input: string;
}

/** What the state and the file become. */
export interface Reencryption {
  /** `passphrase`, or the URL of a key service. */
  readonly provider: string;
  readonly passphrases: Passphrases;
  /** The file's text of which the draft was made. */
  readonly source: string;
  /** The whole file, encrypted with the new passphrase; undefined where only the CLI can encrypt it. */
  readonly draft?: string;
}

/**
 * Encrypts state and file. The CLI works on a copy of the file, because it only finds stack files next to Pulumi.yaml; the drafts are on
 * the disk before it begins, and stay until the file is replaced.
 * @throws if the state was not changed; the file is as it was then, too
 */
export async function reencryptStack(
  stack: Stack,
  { provider, passphrases, source, draft }: Reencryption,
  decision: Decision,
): Promise<void> {
  const { name, file } = stack;
  const folder = draftFolder(file, decision.id);
  mkdirSync(folder, { mode: 0o700 });
  copyFileSync(path.join(projectDir, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
  writeFileSync(engineDraft(folder, name), source, { mode: 0o600 });
  if (draft !== undefined) writeFileSync(ownDraft(folder), draft, { mode: 0o600 });
  for (const one of [engineDraft(folder, name), ...(draft === undefined ? [] : [ownDraft(folder)]), folder]) sync(one);
  const change = { folder, before: await providersOf(stack), source: digest(source) };
  decision.note({ secrets: change });
  await decision.shield(async () => {
    const args = ["stack", "change-secrets-provider", provider, "--stack", name, "--non-interactive", "--cwd", folder];
    const env = { PULUMI_CONFIG_PASSPHRASE: passphrases.variable };
    const input = `${passphrases.input}\n`;
    const { status, stderr, stdout } = await run(pulumiProgram, args, { input, env, detached: true });
    const { changed } = await settleSecrets(stack, change);
    if (changed) return;
    const said = `${stderr}${stdout}`.trim().split("\n").at(-1) ?? "";
    throw new Error(`pulumi did not re-encrypt stack ${name} (exit code ${status}): ${said.replace(/^error: /, "")}`);
  });
}

/** Whether the backend that one is logged in to has the stack. @throws if one is logged in nowhere */
export async function hasState({ name }: Stack): Promise<boolean> {
  const { status, stdout, stderr } = await run(pulumiProgram, ["stack", "ls", "--json", "--non-interactive"], {
    cwd: projectDir,
  });
  if (status !== 0) {
    throw new Error(`no backend can be asked for the stack's state: ${stderr.trim().replace(/^error: /, "")}`);
  }
  const stacks = JSON.parse(stdout) as readonly { readonly name: string }[];
  return stacks.some((one) => one.name === name || one.name.endsWith(`/${name}`));
}
