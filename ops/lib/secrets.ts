/** Secrets of a stack: read from its file, and written into it as `pulumi config set --secret` does, but several at once and checked. */
import { replaceFiles } from "../../config/replaceFile.ts";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { AnySystem } from "../../config/define.ts";
import { checkFormat } from "../../config/formats.ts";
import { givenPassphrase } from "../../config/givenPassphrase.ts";
import { type Crypter, openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { wantedSecrets } from "../../config/secrets.ts";
import { setSecret } from "../../config/stackEdit.ts";
import { projectDir, readStackFile } from "../../config/stackFile.ts";
import { stackPassphrase } from "../../config/stackPassphrase.ts";
import { UsageError } from "../../cli/usage.ts";
import { pulumiProgram } from "./pulumi.ts";
import type { FileChange, SystemStack } from "./stack.ts";

type StackFileOf = Pick<SystemStack<unknown>, "name" | "file">;

/** A system of one stack, and the texts of some of its secrets by name. */
export interface SecretChange {
  readonly stack: SystemStack<unknown>;
  readonly schema: AnySystem;
  readonly texts: Readonly<Record<string, string>>;
}

/** What is wrong with the texts, a line each; no text is repeated. */
export function secretProblems({ stack, schema, texts }: SecretChange): readonly string[] {
  const wanted = wantedSecrets(schema, stack.settings);
  return Object.entries(texts).flatMap(([name, text]) => {
    const found = wanted.find(({ key }) => key === `${schema.namespace}:${name}`);
    if (found === undefined) return [`${schema.namespace}:${name}: there is no such secret`];
    const wrong = checkFormat(found.spec.format ?? "text", text) ?? found.check(text, (other) => texts[other]);
    return wrong === undefined ? [] : [`${schema.namespace}:${name}: ${wrong}`];
  });
}

/**
 * The stacks' files with the texts encrypted in them; every other byte stays as it is. Nothing is written.
 * @throws if a text is not as it must be or a passphrase is wrong
 */
export function changedSecrets(changes: readonly SecretChange[]): ReadonlyMap<string, FileChange> {
  const problems = changes.flatMap(secretProblems);
  if (problems.length > 0) throw new Error(`nothing was written:\n  ${problems.join("\n  ")}`);
  const files = new Map<string, FileChange>();
  for (const { stack, schema, texts } of changes) {
    const crypter = crypterOf(stack);
    const before = files.get(stack.file)?.before ?? readFileSync(stack.file, "utf8");
    const text = Object.entries(texts).reduce(
      (last, [name, value]) => setSecret(last, `${schema.namespace}:${name}`, crypter.encrypt(value)),
      files.get(stack.file)?.text ?? before,
    );
    files.set(stack.file, { before, text });
  }
  return files;
}

/**
 * Encrypts the texts into the stacks' files.
 * @throws before any file is written, if a text is not as it must be or a passphrase is wrong
 */
export function writeSecrets(changes: readonly SecretChange[], dryRun: boolean): void {
  const files = changedSecrets(changes);
  if (!dryRun) replaceFiles([...files].map(([file, change]) => ({ file, ...change })));
}

/**
 * Reads many secrets of a stack's file with one derived key.
 * @param variable - that holds its passphrase
 * @throws as {@link secretOf}, when a secret is read
 */
export function secretReader(stack: StackFileOf, variable?: string): (key: string) => string {
  const { provider } = readStackFile(stack.file);
  let crypter: Crypter | undefined;
  return (key) =>
    secretOf(stack, key, undefined, provider === undefined ? (crypter ??= crypterOf(stack, variable)) : undefined);
}

/** Text of an encrypted value of the stack's file. @throws if it has none @throws UsageError if the passphrase is wrong */
export function secretOf(stack: StackFileOf, key: string, variable?: string, opened?: Crypter): string {
  const { entries, provider } = readStackFile(stack.file);
  const entry = entries.get(key);
  if (entry === undefined) throw new Error(`Pulumi.${stack.name}.yaml has no ${key}`);
  if (provider !== undefined) return byTheCli(stack, key);
  const crypter = opened ?? crypterOf(stack, variable);
  try {
    return crypter.decrypt(entry.value);
  } catch {
    throw new Error(`Pulumi.${stack.name}.yaml: ${key} was encrypted with another passphrase; set it again`);
  }
}

/** A secret that only the key service can read. @throws with the CLI's complaint */
function byTheCli({ name, file }: StackFileOf, key: string): string {
  const args = ["config", "get", key, "--stack", name, "--config-file", file, "--non-interactive"];
  return execFileSync(pulumiProgram, args, { cwd: projectDir, encoding: "utf8", timeout: 120_000 }).replace(/\n$/, "");
}

/** The stack's passphrase as the engine gets it: from the variable or the file that it names, else the published samples' one. */
export function passphraseOf(stack: string, variable = "PULUMI_CONFIG_PASSPHRASE"): string {
  return givenPassphrase(variable) ?? samplePassphrase(stack);
}

/** What encrypts and decrypts values of a stack's file. @throws UsageError if the passphrase is not the stack's */
export function crypterOf({ name, file }: StackFileOf, variable = "PULUMI_CONFIG_PASSPHRASE"): Crypter {
  const { encryptionSalt, provider } = readStackFile(file);
  if (provider !== undefined) {
    throw new UsageError(
      `stack ${name} is encrypted by ${provider}, not by a passphrase; use npx pulumi config set --secret, or change back first: npm run ops -- secrets provider passphrase --stack ${name}`,
    );
  }
  try {
    return openSalt(encryptionSalt ?? "", stackPassphrase(name, encryptionSalt, variable));
  } catch {
    throw new UsageError(`${variable} is not the passphrase of stack ${name}: nothing was done; set the right one`);
  }
}
