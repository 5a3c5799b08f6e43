/** `orrery secrets provider`. */
import { readFileSync } from "node:fs";
import { readStackFile } from "../../../config/stackFile.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { decide } from "../../lib/decision/decide.ts";
import { dryRunOption } from "../../lib/options.ts";
import { crypterOf, passphraseOf } from "../../lib/secrets.ts";
import { stackOf, stackOptions } from "../../lib/stack.ts";
import { newPassphrase, newPassphraseText } from "../../lib/secrets/newPassphrase.ts";
import { hasState, reencryptStack } from "../../lib/secrets/reencrypt.ts";

/** Key services that the CLI knows. */
const services = /^(awskms|azurekeyvault|gcpkms|hashivault):\/\/./;

export const command = defineCommand({
  usage: "URL",
  about: `Encrypts a stack with a key service instead of a passphrase, or with a passphrase again. Re-encrypts Pulumi.S.yaml and the
stack's state. URL is awskms://..., azurekeyvault://..., gcpkms://... or hashivault://KEY; the CLI takes the login from the service's
usual variables, and the passphrase opens nothing but former backups. For a passphrase, URL is "passphrase", and it is in
${newPassphraseText}.
The stack must exist in the backend that you are logged in to (pulumi stack init). Commands read such a stack's secrets through the
CLI; those that write secrets (import, rotate) refuse and name the CLI's command.`,
  options: { ...stackOptions, ...dryRunOption },
  async run(values, [url]) {
    const stack = stackOf(values);
    if (url !== "passphrase" && !services.test(url)) {
      throw new UsageError(
        `URL is "${url}"; give awskms://, azurekeyvault://, gcpkms:// or hashivault://KEY, or passphrase`,
      );
    }
    const now = readStackFile(stack.file).provider;
    if (url === "passphrase" && now === undefined) {
      throw new UsageError("the stack has a passphrase already; npx orrery secrets passphrase changes it");
    }
    if (now === undefined) crypterOf(stack); // the CLI's own complaint about a wrong passphrase is less clear
    const next = url === "passphrase" ? newPassphrase() : undefined;
    if (!(await hasState(stack))) {
      throw new Error(`the backend has no stack ${stack.name}; npx pulumi stack init ${stack.name} creates it`);
    }
    if (values.dryRun) {
      console.log(`would encrypt ${stack.file} and the state by ${url} instead of ${now ?? "the passphrase"}`);
      return 0;
    }
    const passphrases = { variable: next ?? passphraseOf(stack.name), input: "" };
    await decide(stack, { command: "secrets provider" }, async (decision) => {
      await reencryptStack(stack, { provider: url, passphrases, source: readFileSync(stack.file, "utf8") }, decision);
      return 0;
    });
    console.log(`encrypted ${stack.file} and the state by ${url}`);
    return 0;
  },
});
