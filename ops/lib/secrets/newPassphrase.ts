/** The new passphrase of commands that encrypt a stack again. */
import { givenPassphrase } from "../../../config/givenPassphrase.ts";
import { isPublished } from "../../../config/published.ts";
import { UsageError } from "../../../cli/usage.ts";

const variable = "ORRERY_NEW_PASSPHRASE";

/** For help texts. */
export const newPassphraseText = `${variable}, or in the file that ${variable}_FILE names`;

/** From the variable, else from the file that its twin names. @throws UsageError if it cannot be used */
export function newPassphrase(present?: string): string {
  const next = givenPassphrase(variable) ?? "";
  if (next === "") throw new UsageError(`put the new passphrase into ${newPassphraseText}`);
  if (next !== next.trim()) throw new UsageError(`${variable} begins or ends with a blank, which the CLI would remove`);
  if (isPublished(next)) throw new UsageError(`${variable} is a published sample passphrase; choose another one`);
  if (next === present) throw new UsageError(`${variable} is the present passphrase already`);
  return next;
}

/** Whether there is one. */
export const hasNewPassphrase = (): boolean => givenPassphrase(variable) !== undefined;
