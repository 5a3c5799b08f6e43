/** Encrypts a stack by a key service instead of a passphrase, or by a passphrase again. */
import { isPublished } from "../../config/published.ts";
import { readStackFile } from "../../config/stackFile.ts";
import { type Command, UsageError } from "../command.ts";
import { crypterOf, passphraseOf } from "../lib/secrets.ts";
import { stackHelp, stackOf, stackOptions } from "../lib/stack.ts";
import { changeProvider, hasState, replaceFile } from "./changeProvider.ts";

/** Key services that the CLI knows. */
const services = /^(awskms|azurekeyvault|gcpkms|hashivault):\/\/./;

export const command: Command = {
  help: `Usage: npm run ops -- secrets provider URL --stack S [--dry-run]

Encrypts Pulumi.S.yaml and the stack's state by a key service: awskms://..., azurekeyvault://..., gcpkms://... or hashivault://KEY, whose
login the CLI takes from their usual variables; then the passphrase opens nothing any more. Or by a passphrase again: the URL is
passphrase, and ORRERY_NEW_PASSPHRASE has it. The stack must be in the backend that you are logged in to (pulumi stack init).
Day-2 commands read such a stack's secrets through the CLI; those that write secrets (import, rotate) refuse and name the CLI's way.

${stackHelp}
  --dry-run          change nothing, say what would be done`,
  options: { ...stackOptions, "dry-run": { type: "boolean" } },
  async run({ values, words: [url] }) {
    const stack = stackOf(values);
    if (url === undefined || !(url === "passphrase" || services.test(url))) {
      throw new UsageError(
        "by which service? awskms://, azurekeyvault://, gcpkms:// or hashivault://KEY; or passphrase",
      );
    }
    const now = readStackFile(stack.file).provider;
    if (url === "passphrase" && now === undefined) {
      throw new UsageError("the stack has a passphrase; another one: npm run ops -- secrets passphrase");
    }
    if (now === undefined) crypterOf(stack); // the CLI's own complaint about a wrong passphrase is less clear
    const next = process.env.ORRERY_NEW_PASSPHRASE ?? "";
    if (url === "passphrase" && (next.trim() !== next || next === "" || isPublished(next))) {
      throw new UsageError("put the new passphrase into ORRERY_NEW_PASSPHRASE; a published sample is none");
    }
    if (!(await hasState(stack))) {
      throw new Error(`the backend has no stack ${stack.name}; npx pulumi stack init ${stack.name} makes it`);
    }
    if (values["dry-run"] === true) {
      console.log(`would encrypt ${stack.file} and the state by ${url} instead of ${now ?? "the passphrase"}`);
      return 0;
    }
    const variable = url === "passphrase" ? next : passphraseOf(stack.name);
    replaceFile(stack.file, await changeProvider(stack, url, { variable, input: "" }));
    console.log(`encrypted ${stack.file} and the state by ${url}`);
    return 0;
  },
};
