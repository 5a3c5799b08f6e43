/** Refuses an update that would delete a whole system or environment that nobody named, e.g. after a typo in its key. */
import * as pulumi from "@pulumi/pulumi";
import { setCommand } from "../problems.ts";
import { type DeclaredResource, parseUrn, type StackState, type StateResource, titleOf } from "./state.ts";

/** What the program says about the stack. */
export interface Removal {
  readonly declared: readonly DeclaredResource[];
  /** Types of the components that a stack file names one by one; a system's own component always counts. */
  readonly environments: readonly string[];
  /** Names of components that may go. */
  readonly removed: readonly string[];
}

/**
 * Compares what is declared with what the last update left in the state.
 * @throws pulumi.RunError with everything that the update would delete, and the commands that allow it
 */
export function assertNothingRemoved({ name, urns }: StackState, removal: Removal): void {
  const problem = removalProblem(name, urns, removal);
  if (problem !== undefined) throw new pulumi.RunError(problem);
}

/** Why an update is refused: systems or environments of the state that are no longer declared; otherwise undefined. */
export function removalProblem(
  stack: string,
  urns: readonly string[],
  { declared, environments, removed }: Removal,
): string | undefined {
  const here = new Set(declared.map(titleOf));
  const gone = urns.map(parseUrn).filter((one) => !here.has(titleOf(one)));
  const guarded = ({ type, chain }: StateResource): boolean =>
    environments.includes(type) || (type.startsWith("orrery:") && chain === type);
  const back = declared.filter((one) => removed.includes(one.name) && one.type.startsWith("orrery:"));
  if (back.length > 0) return backText(stack, back, removed);
  const all = gone.filter(guarded);
  const outermost = all.filter((one) => !all.some((other) => other !== one && isInside(one, other)));
  const unnamed = outermost.filter(({ name }) => !removed.includes(name));
  return unnamed.length === 0 ? undefined : refusal(stack, unnamed, gone, outermost, removed.length);
}

function refusal(
  stack: string,
  unnamed: readonly StateResource[],
  gone: readonly StateResource[],
  all: readonly StateResource[],
  used: number,
): string {
  // The resources of `hub-2` have names that begin as those of `hub` do.
  const ownerOf = (one: StateResource): StateResource | undefined =>
    all.filter((owner) => isInside(one, owner)).toSorted((a, b) => b.name.length - a.name.length)[0];
  const lines = unnamed.map((owner) => {
    const inside = gone.filter((one) => !one.type.startsWith("orrery:") && ownerOf(one) === owner);
    return [`  ${owner.name}: ${inside.length} resource${inside.length === 1 ? "" : "s"}`, ...kindsOf(inside)].join(
      ", ",
    );
  });
  const commands = unnamed.map(({ name }, index) =>
    setCommand(`orrery:settings.removed[${used + index}]`, name).replaceAll("{stack}", stack),
  );
  return [
    `the state of stack ${stack} has what Pulumi.${stack}.yaml no longer names; nothing was changed, and this would be deleted:`,
    ...lines,
    "put it back into the file; or, if it is to go, name it, and read what the preview deletes:",
    ...commands.map((command) => `      ${command}`),
  ].join("\n");
}

/** Left in the list, a name would allow to remove its component again later, without a word. */
function backText(stack: string, back: readonly DeclaredResource[], removed: readonly string[]): string {
  const names = back.map(({ name }) => name);
  return [
    `orrery:settings.removed of stack ${stack} names what Pulumi.${stack}.yaml has: ${names.join(", ")}; take it out of one of the two:`,
    // From the last one on, as the others would move up.
    ...names
      .map((name) => removed.indexOf(name))
      .toSorted((a, b) => b - a)
      .map((index) => `      npx pulumi config rm --stack ${stack} --path 'orrery:settings.removed[${index}]'`),
  ].join("\n");
}

/** Kinds with their number, and the name where there is one of a kind. */
function kindsOf(resources: readonly StateResource[]): readonly string[] {
  const kinds = Map.groupBy(resources, ({ type }) => type.split(":").at(-1) ?? type);
  return [...kinds]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, own]) => (own.length === 1 ? `${kind} ${own[0]?.name ?? ""}` : `${own.length} ${kind}`));
}

/** A URN has its ancestors' types but not their names; every name begins with its component's. */
const isInside = (one: StateResource, owner: StateResource): boolean =>
  one.chain.startsWith(`${owner.chain}$`) && one.name.startsWith(`${owner.name}-`);
