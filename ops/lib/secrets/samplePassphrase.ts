/** Warns when a stack's real secrets are encrypted with a published passphrase. */
import { isPublic, publishedWarning } from "../../../config/preflight/samplePassphrase.ts";
import type { Crypter } from "../../../config/passphrase.ts";
import { isPublished } from "../../../config/published.ts";
import type { StackValues } from "../stack.ts";
import { passphraseOf } from "../secrets.ts";
import { type StackSecrets, openStackSecrets } from "./stackSecrets.ts";

/** The warning about a stack, if one is due. `guarded`: it goes elsewhere than into the lab, where samples are no better. */
export function publishedProblem(
  { name, secrets }: Pick<StackSecrets, "name" | "secrets">,
  guarded = false,
): string | undefined {
  const real = secrets.filter(({ state, spec }) => state === "set" && !isPublic(spec)).map(({ key }) => key);
  if (!isPublished(passphraseOf(name))) return undefined;
  if (real.length > 0) return publishedWarning(name, real);
  return guarded ? `the passphrase of stack ${name} is published; preview and up refuse it` : undefined;
}

/** Looks at the whole stack as its file is now, and warns on standard error. */
export function warnOfPublished(values: StackValues, crypter: Crypter): void {
  const problem = publishedProblem(openStackSecrets({ ...values, system: undefined }, crypter));
  if (problem !== undefined) console.error(`warning: ${problem}`);
}
