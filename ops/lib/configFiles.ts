/** Stack files: samples for missing secrets, and new files from others. */
import { replaceFiles } from "../../config/replaceFile.ts";
import { existsSync } from "node:fs";
import path from "node:path";
import { givenPassphrase } from "../../config/givenPassphrase.ts";
import { realSecrets } from "../../config/preflight/samplePassphrase.ts";
import { parseConfig } from "../../config/parse.ts";
import { type Crypter, newSalt, openSalt } from "../../config/passphrase.ts";
import { isPublished } from "../../config/published.ts";
import { samplePassphrase } from "../../config/samples.ts";
import type { RawConfig } from "../../config/secrets.ts";
import { setSalt, setSecret } from "../../config/stackEdit.ts";
import * as files from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { crypterOf } from "./secrets.ts";
import { withOnlySystems } from "./split/systemStacks.ts";

const all = Object.values(schemas);

/**
 * Adds a sample for each missing secret; a file without a salt gets one.
 * @throws UsageError if the passphrase is not the stack's, or a key service encrypts it
 */
export function addSamples(name: string, dryRun: boolean): void {
  const file = files.stackPath(name);
  const stack = files.readStackFile(file);
  const missing = [...files.secretsOf(stack, all)].filter(([key, { required }]) => required && !stack.entries.has(key));
  if (missing.length === 0) {
    console.log(`Pulumi.${name}.yaml lacks no secret`);
    return;
  }
  const { salted, crypter } = encryption(name, file, stack);
  const keys = missing.map(([key]) => key).join(", ");
  if (dryRun) {
    console.log(`Pulumi.${name}.yaml: would add a sample for ${keys}`);
    return;
  }
  const text = missing.reduce((before, [key, wanted]) => {
    return setSecret(before, key, crypter.encrypt(wanted.sample()));
  }, salted);
  replaceFiles([{ file, text, before: stack.text }]);
  console.log(`Pulumi.${name}.yaml: added a sample for ${keys}`);
}

/** What encrypts a stack's secrets, and its text with the salt for that. */
function encryption(
  name: string,
  file: string,
  { text, encryptionSalt, provider }: files.StackFile,
): { readonly salted: string; readonly crypter: Crypter } {
  if (encryptionSalt !== undefined || provider !== undefined)
    return { salted: text, crypter: crypterOf({ name, file }) };
  const passphrase = givenPassphrase() ?? samplePassphrase(name);
  const salt = newSalt(passphrase);
  return { salted: setSalt(text, salt), crypter: openSalt(salt, passphrase) };
}

/**
 * Writes a new stack file with the settings and secrets of another one: of all its systems, or, if any are named, of these and of the
 * clusters and clouds that they run on. @throws if that cannot be
 */
export function addStack(name: string, like: string, systems: readonly string[]): void {
  const file = path.join(files.projectDir, `Pulumi.${name}.yaml`);
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new Error(`"${name}" is not a stack name: use a-z, 0-9 and dashes`);
  if (existsSync(file)) throw new Error(`Pulumi.${name}.yaml exists already; remove it or choose another name`);
  const stack = files.readStackFile(files.stackPath(like));
  const missing = systems.filter((system) => !stack.entries.has(`${system}:settings`));
  if (missing.length > 0) {
    throw new Error(`Pulumi.${like}.yaml has no ${missing.join(", ")}: name a stack that has it with --like`);
  }
  const source = systems.length === 0 ? stack.text : withOnlySystems(files.stackPath(like), systems);
  const old = crypterOf({ name: like, file: files.stackPath(like) }, "ORRERY_LIKE_PASSPHRASE");
  const clear = files.clearConfig(files.parseStackFile(path.basename(file), source), old);
  const passphrase = givenPassphrase() ?? samplePassphrase(name);
  if (passphrase === "" || isPublished(passphrase)) assertSamplesOnly(like, clear);
  const salt = newSalt(passphrase);
  const crypter = openSalt(salt, passphrase);
  const secrets = [...clear].filter(([, { secret }]) => secret);
  const text = secrets.reduce(
    (before, [key, { value }]) => setSecret(before, key, crypter.encrypt(value)),
    setSalt(renamedComments(source, like, name), salt),
  );
  replaceFiles([{ file, text, before: undefined }]);
  console.log(
    `Pulumi.${name}.yaml is written; its ${secrets.length} secrets are those of ${like}. Next: edit its settings; ` +
      `npm run config -- check --for-deploy --stack ${name} says what is still to be set`,
  );
}

/** A file's comments for another stack: the headline of the first goes, and commands in the others name the new stack. */
function renamedComments(text: string, like: string, name: string): string {
  const start = text.search(/^[^#\s]/m);
  const head = text.slice(0, start).replaceAll(/^#(?! yaml-language-server:).*\n/gm, "");
  return head + text.slice(start).replaceAll(new RegExp(`(#.* --stack )${like}\\b`, "g"), `$1${name}`);
}

/** @throws if one of a stack's secrets is its own, for which everybody's passphrase will not do */
function assertSamplesOnly(stack: string, clear: RawConfig): void {
  const { systems, problems } = parseConfig(clear, all);
  // What cannot be parsed cannot be distinguished from samples.
  const real =
    problems.length > 0 ? [...clear.keys()].filter((key) => clear.get(key)?.secret) : realSecrets(all, systems);
  if (real.length === 0) return;
  const some = real.length > 5 ? [...real.slice(0, 5), `${real.length - 5} more`] : real;
  throw new Error(
    `${stack} has secrets of its own (${some.join(", ")}), and the new file would have a published passphrase: ` +
      "put one of its own into PULUMI_CONFIG_PASSPHRASE; nothing was written",
  );
}
