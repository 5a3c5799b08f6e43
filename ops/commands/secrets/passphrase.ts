/** `orrery secrets passphrase`. */
import { replaceFiles } from "../../../config/replaceFile.ts";
import { newSalt, openSalt } from "../../../config/passphrase.ts";
import { reencrypt } from "../../../config/stackEdit.ts";
import { readStackFile } from "../../../config/stackFile.ts";
import { stackPassphrase } from "../../../config/stackPassphrase.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { decide } from "../../lib/decision/decide.ts";
import { dryRunOption } from "../../lib/options.ts";
import { crypterOf } from "../../lib/secrets.ts";
import { hasNewPassphrase, newPassphrase, newPassphraseText } from "../../lib/secrets/newPassphrase.ts";
import { oldStates, removeOldStates } from "../../lib/secrets/oldBackups.ts";
import { hasState, reencryptStack } from "../../lib/secrets/reencrypt.ts";
import { stackOf, stackOptions, type StackValues } from "../../lib/stack.ts";
import { openStore } from "../../lib/state/store.ts";

/** Says what former passphrases still open, or removes it. */
async function tellOld(values: StackValues & { readonly removeBackups: boolean }, present: string): Promise<void> {
  const old = await oldStates(values, present);
  const count = `${old.keys.length} backups and past states`;
  if (values.removeBackups) {
    await removeOldStates(old);
    console.log(`removed ${count} that a former passphrase opened`);
  } else if (old.keys.length > 0) {
    console.log(`a former passphrase still opens ${count} in the backend:`);
    for (const key of old.keys) console.log(`  ${key}`);
    console.log(`to remove them: npx orrery secrets passphrase --stack ${values.stack} --remove-backups`);
  }
}

/** The change is done by then, so a backend that keeps no files to read is no error. */
function notListed(error: unknown): void {
  if (!(error instanceof UsageError)) throw error;
  console.log(`what a former passphrase still opens is not listed: ${error.message}`);
}

export const command = defineCommand({
  about: `Encrypts a stack with a new passphrase. Re-encrypts Pulumi.S.yaml, and the stack's state in the backend that you are logged in
to, with a new passphrase and a new salt. The new passphrase is in ${newPassphraseText}; the old one is PULUMI_CONFIG_PASSPHRASE, or in
the file that PULUMI_CONFIG_PASSPHRASE_FILE names, else the published sample. Only ciphertexts change in the file. If it is interrupted,
the next command makes file and state agree. Anyone with the old passphrase and the old file, or a backup in the backend, can still read
the old secrets: the backups are listed, and --remove-backups removes them. If others knew the passphrase, rotate the secrets, too.`,
  options: {
    ...stackOptions,
    "file-only": {
      type: "boolean",
      help: "only the file; the state is not checked, so it must have no secrets (the stack was never deployed)",
    },
    "remove-backups": {
      type: "boolean",
      help: "remove the backups and past states that a former passphrase opens; without a new one do only that",
    },
    ...dryRunOption,
  },
  async run(values) {
    const stack = stackOf(values);
    // The lab's shell has the published passphrase of another sample, which would make every backup an old one.
    const present = stackPassphrase(stack.name, readStackFile(stack.file).encryptionSalt);
    if (values.removeBackups && !values.fileOnly) await openStore(values); // a backend whose files cannot be read is refused before anything else
    if (values.removeBackups && !hasNewPassphrase()) {
      crypterOf(stack); // with a wrong passphrase all backups would seem to be old
      if (values.dryRun) console.log(`would remove ${(await oldStates(values, present)).keys.join(", ") || "nothing"}`);
      else await tellOld(values, present);
      return 0;
    }
    const next = newPassphrase(present);
    const old = crypterOf(stack);
    const { text, entries } = readStackFile(stack.file);
    const count = [...entries.values()].filter(({ secret }) => secret).length;
    const deployed = !values.fileOnly && (await hasState(stack));
    const what = `${count} secrets of ${stack.file}${deployed ? " and the stack's state" : ""}`;
    // Everything is decrypted before the state is touched: an unreadable secret must stop it here.
    const salt = newSalt(next);
    const fresh = openSalt(salt, next);
    const decrypt = (value: string): string => old.decrypt(value);
    const draft = reencrypt(text, decrypt, salt, (one) => fresh.encrypt(one));
    if (values.dryRun) {
      console.log(`would encrypt ${what} with the new passphrase`);
      return 0;
    }
    if (!deployed) {
      replaceFiles([{ file: stack.file, before: text, text: draft }]);
    } else {
      const passphrases = { variable: present, input: next };
      await decide(stack, { command: "secrets passphrase" }, async (decision) => {
        await reencryptStack(stack, { provider: "passphrase", passphrases, source: text, draft }, decision);
        return 0;
      });
    }
    console.log(
      `encrypted ${what} with the new passphrase; share it with everyone who deploys, and replace the old one in CI`,
    );
    if (deployed) await tellOld(values, next).catch(notListed);
    return 0;
  },
});
