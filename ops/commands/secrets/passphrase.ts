/** `orrery secrets passphrase`. */
import { replaceFile } from "../../../config/replaceFile.ts";
import { parseDocument } from "yaml";
import { newSalt, openSalt } from "../../../config/passphrase.ts";
import { isPublished } from "../../../config/published.ts";
import { reencrypt } from "../../../config/stackEdit.ts";
import { readStackFile } from "../../../config/stackFile.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { dryRunOption } from "../../lib/options.ts";
import { crypterOf, passphraseOf } from "../../lib/secrets.ts";
import { stackOf, stackOptions } from "../../lib/stack.ts";
import { changeProvider, hasState } from "../../lib/secrets/reencrypt.ts";

const variable = "ORRERY_NEW_PASSPHRASE";

/** The new passphrase. @throws UsageError if it cannot be used */
function newPassphrase(stack: string): string {
  const next = process.env[variable] ?? "";
  if (next === "") throw new UsageError(`put the new passphrase into ${variable}`);
  if (next !== next.trim()) throw new UsageError(`${variable} begins or ends with a blank, which the CLI would remove`);
  if (isPublished(next)) throw new UsageError(`${variable} is a published sample passphrase; choose another one`);
  if (next === passphraseOf(stack)) throw new UsageError(`${variable} is the present passphrase already`);
  return next;
}

/** Encrypts the state; the file's salt must be the one that the CLI draws for it. @returns the file's new text */
async function withState(
  stack: ReturnType<typeof stackOf>,
  passphrase: string,
  text: string,
  decrypt: (value: string) => string,
): Promise<string> {
  const passphrases = { variable: passphraseOf(stack.name), input: passphrase };
  const changed = parseDocument(await changeProvider(stack, "passphrase", passphrases));
  const salt = String(changed.get("encryptionsalt"));
  const crypter = openSalt(salt, passphrase);
  return reencrypt(text, decrypt, salt, (one) => crypter.encrypt(one));
}

export const command = defineCommand({
  about: `Encrypts a stack with a new passphrase. Re-encrypts Pulumi.S.yaml, and the stack's state in the backend that you are logged in
to, with a new passphrase and a new salt. The new passphrase is ${variable}; the old one is PULUMI_CONFIG_PASSPHRASE, or in the
file that PULUMI_CONFIG_PASSPHRASE_FILE names, else the published sample. Only ciphertexts change in the file. Anyone with the old
file and the old passphrase can still read the old secrets: if others knew it, rotate the secrets, too.`,
  options: {
    ...stackOptions,
    "file-only": {
      type: "boolean",
      help: "only the file; the state is not checked, so it must have no secrets (the stack was never deployed)",
    },
    ...dryRunOption,
  },
  async run(values) {
    const stack = stackOf(values);
    const next = newPassphrase(stack.name);
    const old = crypterOf(stack);
    const { text, entries } = readStackFile(stack.file);
    const count = [...entries.values()].filter(({ secret }) => secret).length;
    const decrypt = (value: string): string => old.decrypt(value);
    const deployed = !values.fileOnly && (await hasState(stack));
    const what = `${count} secrets of ${stack.file}${deployed ? " and the stack's state" : ""}`;
    // Everything is decrypted before the state is touched: an unreadable secret must stop it here.
    const salt = newSalt(next);
    const fresh = openSalt(salt, next);
    const draft = reencrypt(text, decrypt, salt, (one) => fresh.encrypt(one));
    if (values.dryRun) {
      console.log(`would encrypt ${what} with the new passphrase`);
      return 0;
    }
    replaceFile(stack.file, deployed ? await withState(stack, next, text, decrypt) : draft);
    console.log(
      `encrypted ${what} with the new passphrase; share it with everyone who deploys, and replace the old one in CI`,
    );
    return 0;
  },
});
