/** Which passphrase a stack's file has: the environment's, or the published one of a sample stack. */
import { givenPassphrase } from "./givenPassphrase.ts";
import { openSalt } from "./passphrase.ts";
import { isPublished } from "./published.ts";
import { samplePassphrase } from "./samples.ts";

/**
 * The passphrase of a stack with this `encryptionsalt`. The shell of the lab has the published one of its own stack, which does not open
 * other samples: there it is theirs.
 * @param variable - that holds it, or whose `_FILE` names a file with it
 */
export function stackPassphrase(
  stack: string,
  salt: string | undefined,
  variable = "PULUMI_CONFIG_PASSPHRASE",
): string {
  const sample = samplePassphrase(stack);
  const given = givenPassphrase(variable) ?? sample;
  if (given === sample || salt === undefined || !isPublished(given) || opens(salt, given)) return given;
  return sample;
}

function opens(salt: string, passphrase: string): boolean {
  try {
    openSalt(salt, passphrase);
    return true;
  } catch {
    return false;
  }
}
