/** Stack files, Pulumi.<stack>.yaml, read without a passphrase. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { AnySystem } from "./define.ts";
import type { Crypter } from "./passphrase.ts";
import { parseJson } from "./parse.ts";
import { suggest } from "./problems.ts";
import { sample } from "./samples.ts";
import { type RawConfig, wantedSecrets } from "./secrets.ts";
import { readStrictYaml } from "./strictYaml.ts";

/** Folder of the project. */
export const projectDir = path.dirname(import.meta.dirname);

/** The project's name, a part of every path in a backend. */
export function projectName(): string {
  return /^name: (.*)$/m.exec(readFileSync(path.join(projectDir, "Pulumi.yaml"), "utf8"))?.[1]?.trim() ?? "";
}

/** One config value as the file has it: `secure:` under a key makes it encrypted. */
interface StoredEntry {
  /** Text, or JSON text of a map; the ciphertext when it is encrypted. */
  readonly value: string;
  readonly secret: boolean;
}

/** A parsed stack file. */
export interface StackFile {
  readonly text: string;
  readonly encryptionSalt: string | undefined;
  /** URL of the key service that the secrets are encrypted by; undefined when it is a passphrase. */
  readonly provider: string | undefined;
  readonly entries: ReadonlyMap<string, StoredEntry>;
}

/** Names of the stacks that have a file in a folder, sorted. */
export function stackNames(dir = projectDir): readonly string[] {
  return readdirSync(dir)
    .map((file) => /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();
}

/** Path of a stack's file. @throws if there is none; the message lists those that there are. */
export function stackPath(stack: string, dir = projectDir): string {
  const file = path.join(dir, `Pulumi.${stack}.yaml`);
  if (!/^[\w-]+$/.test(stack) || !existsSync(file)) {
    const names = stackNames(dir);
    throw new UnknownStack(
      `there is no stack "${stack}": no file Pulumi.${stack}.yaml; there are ${names.join(", ")}${suggest(stack, names)}`,
    );
  }
  return file;
}

/** A stack without a file was named. */
export class UnknownStack extends Error {}

/** A stack file is no YAML, or the engine would read it otherwise. */
export class UnreadableStackFile extends Error {
  /** A line each, without the file's name. */
  readonly problems: readonly string[];

  constructor(message: string, problems: readonly string[], options?: ErrorOptions) {
    super(message, options);
    this.problems = problems;
  }
}

/** Reads a stack file. @throws one message with every place that is no YAML, that the engine would read otherwise, or that holds no config */
export function readStackFile(file: string): StackFile {
  return parseStackFile(path.basename(file), decoded(file));
}

/** The same of a text that would be written into a file of this name. */
export function parseStackFile(name: string, text: string): StackFile {
  const { content, problems } = readStrictYaml(text);
  refuse(name, problems);
  if (!isMap(content) || !isMap(content.config)) {
    const problem = "has no map `config`: it describes nothing, and deploying it would remove what the stack has";
    throw new UnreadableStackFile(`${name} ${problem}`, [problem]);
  }
  const { config, encryptionsalt: salt, secretsprovider: provider } = content;
  const entries = new Map(Object.entries(config).map(([key, value]) => [key, entryOf(value)]));
  const service = typeof provider === "string" && provider !== "passphrase" ? provider : undefined;
  refuse(name, [
    ...[...entries].flatMap(([key, { problem }]) => (problem === undefined ? [] : [`${key}: ${problem}`])),
    ...saltProblems(
      salt,
      service === undefined && [...entries.values()].some(({ value, secret }) => secret && value.startsWith("v1:")),
    ),
  ]);
  return { text, encryptionSalt: typeof salt === "string" ? salt : undefined, provider: service, entries };
}

/** The file's text. @throws if it is not UTF-8 */
function decoded(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(file));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UnreadableStackFile(`${path.basename(file)} is not UTF-8`, ["is not UTF-8"], { cause: error });
  }
}

function refuse(name: string, problems: readonly string[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  const message =
    others.length === 0
      ? `${name}: ${first}`
      : `${name} cannot be read:\n${problems.map((one) => `  ${one}`).join("\n")}`;
  throw new UnreadableStackFile(message, problems);
}

function saltProblems(salt: unknown, holdsSecrets: boolean): readonly string[] {
  if (salt === undefined) {
    return holdsSecrets
      ? ["it has values encrypted by a passphrase but no encryptionsalt, so nobody can read them"]
      : [];
  }
  if (typeof salt === "string" && /^v1:[^:]+:v1:[^:]+:[^:]+$/.test(salt)) return [];
  return ["encryptionsalt is malformed; expected v1:<salt>:v1:<nonce>:<ciphertext>, as Pulumi wrote it"];
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function entryOf(value: unknown): StoredEntry & { readonly problem?: string } {
  if (typeof value !== "object" || value === null) return { value: String(value), secret: false };
  if ("secure" in value) {
    const { secure, ...others } = value;
    if (typeof secure === "string" && secure !== "" && Object.keys(others).length === 0) {
      return { value: secure, secret: true };
    }
    const problem = "`secure` stands alone and holds the encrypted text; set it by npx pulumi config set --secret";
    return { value: "", secret: true, problem };
  }
  return { value: JSON.stringify(value), secret: holdsSecure(value) };
}

/** As for the engine, an encrypted value anywhere inside makes the whole value a secret. */
function holdsSecure(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "secure" in value || Object.values(value).some(holdsSecure);
}

/** The config with its secrets in clear. @throws if one cannot be decrypted */
export function clearConfig(stack: StackFile, crypter: Pick<Crypter, "decrypt">): RawConfig {
  return new Map(
    [...stack.entries].map(([key, { value, secret }]) => [
      key,
      { value: secret ? crypter.decrypt(value) : value, secret },
    ]),
  );
}

/** The config with a text of its own making for each encrypted value, for work without the passphrase. */
export function offlineConfig(stack: StackFile, secretText: (key: string) => string): RawConfig {
  return new Map(
    [...stack.entries].map(([key, entry]) => [key, entry.secret ? { value: secretText(key), secret: true } : entry]),
  );
}

/**
 * The config with a sample of the right format for each encrypted value. Secrets of the keys in `renewed`, and those that
 * belong together with one of them, such as a certificate's key, get another sample.
 */
export function sampleConfig(
  stack: StackFile,
  schemas: readonly AnySystem[],
  renewed: ReadonlySet<string> = new Set(),
): RawConfig {
  const wanted = secretsOf(stack, schemas);
  const seedOf = (key: string): string => wanted.get(key)?.spec.sampleSeed ?? key;
  const others = new Set([...renewed].map(seedOf));
  return offlineConfig(stack, (key) => {
    const mark = others.has(seedOf(key)) ? "renewed" : undefined;
    return wanted.get(key)?.sample(mark) ?? sample("text", mark === undefined ? key : `${mark} ${key}`);
  });
}

/** Settings of a system as its schema completes them; undefined when they are absent or wrong. */
function settingsOf(stack: StackFile, system: AnySystem): unknown {
  const entry = stack.entries.get(`${system.namespace}:settings`);
  if (entry === undefined || entry.secret) return undefined;
  const parsed = system.settings.safeParse(parseJson(entry.value));
  return parsed.success ? parsed.data : undefined;
}

/** Every secret that the stack's systems ask for, by config key. */
export function secretsOf(
  stack: StackFile,
  schemas: readonly AnySystem[],
): ReadonlyMap<string, ReturnType<typeof wantedSecrets>[number]> {
  const wanted = schemas.flatMap((system) => {
    const settings = settingsOf(stack, system);
    return settings === undefined ? [] : wantedSecrets(system, settings);
  });
  return new Map(wanted.map((secret) => [secret.key, secret]));
}
