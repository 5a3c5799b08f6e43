/** Says when a stack's real secrets lie under a passphrase that everybody knows. */
import { isPublic, isPublished, publishedWarning } from "../../config/guard.ts";
import type { Crypter } from "../../config/passphrase.ts";
import type { Values } from "../command.ts";
import { passphraseOf } from "../secrets.ts";
import { type HeldStack, openHeld } from "./held.ts";

/** The warning about a stack, if one is due. */
export function publishedProblem({ name, secrets }: Pick<HeldStack, "name" | "secrets">): string | undefined {
  const real = secrets.filter(({ state, spec }) => state === "set" && !isPublic(spec)).map(({ key }) => key);
  return real.length > 0 && isPublished(passphraseOf(name), name) ? publishedWarning(name, real) : undefined;
}

/** Looks at the whole stack as its file is now, and warns on standard error. */
export function warnOfPublished(values: Values, crypter: Crypter): void {
  const problem = publishedProblem(openHeld({ ...values, system: undefined }, crypter));
  if (problem !== undefined) console.error(`warning: ${problem}`);
}
