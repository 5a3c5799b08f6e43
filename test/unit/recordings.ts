/** Runs of the committed stacks that several tests read: each is made once a process. */
import { loadContracts, type LoadedContract } from "../../contracts/check/load.ts";
import type { Recording } from "../../review/evaluate/record.ts";
import { type Rendered, rendered, runProgram, stackConfig } from "../../review/evaluate/render.ts";

/** The same promise for the same arguments, which are compared as JSON. */
export function once<Args extends readonly unknown[], T>(make: (...args: Args) => T): (...args: Args) => T {
  const made = new Map<string, T>();
  return (...args) => {
    const key = JSON.stringify(args, (_, value: unknown) => (value === undefined ? "undefined" : value));
    const known = made.get(key) ?? make(...args);
    made.set(key, known);
    return known;
  };
}

/** What a committed stack registers, with samples for its secrets. */
export const stackRecording = once((stack: string): Promise<Recording> =>
  runProgram({ stack, config: stackConfig(stack) }),
);

/** The same as `npm run render` prints it: sorted, secrets hidden. */
export const renderedStack = once(async (stack: string): Promise<readonly Rendered[]> =>
  rendered(await stackRecording(stack)),
);

/** All contracts of `contracts/`. */
export const allContracts = once((): readonly LoadedContract[] => loadContracts());
