/** Refuses an update that would make a system again which another stack has, e.g. between `config split` and the merge of its change. */
import * as pulumi from "@pulumi/pulumi";
import { type DeclaredResource, parseUrn, type StackState, stateUrns, titleOf } from "./state.ts";

/** The stack that `config split` makes for one of a stack's systems, e.g. `prod-packit`. */
export const systemStack = (stack: string, system: string): string => `${stack}-${system}`;

/**
 * Looks for each system that the stack's own state lacks in the stack that a split would have moved it to or from.
 * @param systems - names of all systems
 * @param read - gives a stack's URNs
 * @throws pulumi.RunError with the system, the stack that has it, and what to do
 */
export async function assertNotElsewhere(
  { name, fullName, urns }: StackState,
  declared: readonly DeclaredResource[],
  systems: readonly string[],
  read: typeof stateUrns = stateUrns,
): Promise<void> {
  const own = titlesOf(urns);
  const fresh = declared.filter((one) => isSystem(one, systems) && !own.has(titleOf(one)));
  for (const system of fresh) {
    for (const other of relatives(name, system.name)) {
      const there = titlesOf((await read(fullName.slice(0, -name.length) + other)) ?? []);
      if (there.has(titleOf(system))) throw new pulumi.RunError(refusal(name, system.name, other));
    }
  }
}

const titlesOf = (urns: readonly string[]): ReadonlySet<string> => new Set(urns.map((urn) => titleOf(parseUrn(urn))));

const isSystem = ({ type, name }: DeclaredResource, systems: readonly string[]): boolean =>
  type.startsWith("orrery:") && systems.includes(name);

/** The stacks that `config split` or its way back may have moved a system of this stack to. */
export function relatives(stack: string, system: string): readonly string[] {
  const end = systemStack("", system);
  const whole = stack.endsWith(end) ? [stack.slice(0, -end.length)] : [];
  return [systemStack(stack, system), ...whole].filter((name) => name !== "");
}

function refusal(stack: string, system: string, other: string): string {
  const whole = other.length < stack.length ? other : stack;
  return [
    `stack ${other} has ${system}, and stack ${stack} does not; nothing was changed, as this update would make all of it a second time:`,
    `  if \`config split\` or its way back has moved it, merge that change and deploy stack ${other};`,
    `  to undo the move instead: npx orrery config split --stack ${whole}${whole === stack ? " --back" : ""}`,
    `  if these are two installations that have nothing to do with each other, give one of the stacks another name`,
  ].join("\n");
}
