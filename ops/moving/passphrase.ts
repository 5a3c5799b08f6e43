/** Encrypts a stack under another passphrase: its file and, where it is deployed, its state. */
import { parseDocument } from "yaml";
import { newSalt, openSalt } from "../../config/passphrase.ts";
import { isPublished } from "../../config/published.ts";
import { reencrypt } from "../../config/stackEdit.ts";
import { readStackFile } from "../../config/stackFile.ts";
import { type Command, UsageError } from "../command.ts";
import { crypterOf, passphraseOf } from "../lib/secrets.ts";
import { stackHelp, stackOf, stackOptions } from "../lib/stack.ts";
import { changeProvider, hasState, replaceFile } from "./changeProvider.ts";

const variable = "ORRERY_NEW_PASSPHRASE";

/** The new passphrase. @throws UsageError if it is none to be used */
function newPassphrase(stack: string): string {
  const next = process.env[variable] ?? "";
  if (next === "") throw new UsageError(`put the new passphrase into ${variable}`);
  if (next !== next.trim()) throw new UsageError(`${variable} begins or ends with a blank; the CLI would cut it off`);
  if (isPublished(next)) throw new UsageError(`${variable} is a published sample passphrase; choose another one`);
  if (next === passphraseOf(stack)) throw new UsageError(`${variable} is the passphrase that the stack has already`);
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

export const command: Command = {
  help: `Usage: ${variable}=... npm run ops -- secrets passphrase --stack S [--file-only] [--dry-run]

Encrypts Pulumi.S.yaml, and the stack's state in the backend that you are logged in to, under a new passphrase and a new salt. The old one
is PULUMI_CONFIG_PASSPHRASE, or in the file that PULUMI_CONFIG_PASSPHRASE_FILE names, else the published sample. Every byte of the file that is no ciphertext stays. Who has the old file
and the old passphrase can still read the old secrets: when it was known to others, rotate the secrets, too.

${stackHelp}
  --file-only        only the file; the state is not asked for, so it must have no secrets (the stack was never deployed)
  --dry-run          change nothing, say what would be encrypted`,
  options: { ...stackOptions, "file-only": { type: "boolean" }, "dry-run": { type: "boolean" } },
  async run({ values }) {
    const stack = stackOf(values);
    const next = newPassphrase(stack.name);
    const old = crypterOf(stack);
    const { text, entries } = readStackFile(stack.file);
    const count = [...entries.values()].filter(({ secret }) => secret).length;
    const decrypt = (value: string): string => old.decrypt(value);
    const deployed = values["file-only"] !== true && (await hasState(stack));
    const what = `${count} secrets of ${stack.file}${deployed ? " and the stack's state" : ""}`;
    // Everything is decrypted before the state is touched: an unreadable secret must stop it here.
    const salt = newSalt(next);
    const fresh = openSalt(salt, next);
    const draft = reencrypt(text, decrypt, salt, (one) => fresh.encrypt(one));
    if (values["dry-run"] === true) {
      console.log(`would encrypt ${what} under the new passphrase`);
      return 0;
    }
    replaceFile(stack.file, deployed ? await withState(stack, next, text, decrypt) : draft);
    console.log(
      `encrypted ${what} under the new passphrase; tell it those who deploy, and put it where CI has the old one`,
    );
    return 0;
  },
};
