import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** The passwords that only DIALS itself uses; generated once and kept in the stack's state. */
export interface Passwords {
  readonly broker: pulumi.Output<string>;
  readonly cache: pulumi.Output<string>;
  readonly flower: pulumi.Output<string>;
  /** Django's signing key. */
  readonly django: pulumi.Output<string>;
}

/** Generates them; a new `round` generates all of them again and restarts their users. */
export function drawPasswords(name: string, round: number, opts: pulumi.CustomResourceOptions): Passwords {
  // Letters and digits only, since most become part of a URL.
  const draw = (role: string, length: number): pulumi.Output<string> =>
    new random.RandomPassword(`${name}-${role}`, { length, special: false, keepers: { round: `${round}` } }, opts)
      .result;
  return {
    broker: draw("broker", 40),
    cache: draw("cache", 40),
    flower: draw("flower", 24),
    django: draw("django", 64),
  };
}
