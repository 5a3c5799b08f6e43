/** Faults of the named cases: each hits requests of certain kinds, a certain number of times. */
import type { Rule } from "./front.ts";
import type { Fault } from "./proxy.ts";
import { requestKind } from "./faultProfile.ts";

/** The first `times` requests whose kind (`neutron POST /v2.0/ports`) matches meet this fault. @default all of them */
export function on(kind: RegExp, fault: Fault, times = Infinity): Rule {
  let left = times;
  return (asked) => (kind.test(requestKind(asked)) && left-- > 0 ? fault : undefined);
}

/** The first rule that says something holds. */
export function first(...rules: readonly Rule[]): Rule {
  return (asked) => {
    for (const rule of rules) {
      const fault = rule(asked);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/** The API does it, and its answer never arrives. */
export const lost: Fault = { kind: "status", status: 502, done: true };

/** A word of the cloud's answers is another one. */
export const says = (from: string | RegExp, to: string): Fault => {
  return { kind: "rewritten", rewrite: (body) => body.replaceAll(from, to) };
};
