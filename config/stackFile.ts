/** Stack files, Pulumi.<stack>.yaml, read without a passphrase. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseDocument } from "yaml";
import type { AnySystem } from "./define.ts";
import type { Crypter } from "./passphrase.ts";
import { sample } from "./samples.ts";
import { type RawConfig, wantedSecrets } from "./secrets.ts";

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
    throw new Error(
      `there is no stack "${stack}": no file Pulumi.${stack}.yaml; there are ${stackNames(dir).join(", ")}`,
    );
  }
  return file;
}

/** Reads a stack file. @throws if it is no YAML or has no map `config`. */
export function readStackFile(file: string): StackFile {
  const text = readFileSync(file, "utf8");
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new Error(`${path.basename(file)} is no YAML: ${error.message.split("\n")[0] ?? ""}`);
  const content = document.toJS() as {
    encryptionsalt?: unknown;
    secretsprovider?: unknown;
    config?: unknown;
  } | null;
  const config = content?.config ?? {};
  if (typeof config !== "object" || Array.isArray(config))
    throw new Error(`${path.basename(file)}: config must be a map`);
  const salt = content?.encryptionsalt;
  const provider = content?.secretsprovider;
  return {
    text,
    encryptionSalt: typeof salt === "string" ? salt : undefined,
    provider: typeof provider === "string" && provider !== "passphrase" ? provider : undefined,
    entries: new Map(Object.entries(config).map(([key, value]) => [key, entryOf(value)])),
  };
}

function entryOf(value: unknown): StoredEntry {
  if (typeof value !== "object" || value === null) return { value: String(value), secret: false };
  const secure = "secure" in value && Object.keys(value).length === 1 ? value.secure : undefined;
  if (typeof secure === "string") return { value: secure, secret: true };
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
  const parsed = system.settings.safeParse(JSON.parse(entry.value));
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
