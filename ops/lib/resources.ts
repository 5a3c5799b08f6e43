/** A stack's state, as day-2 commands read it. */
import { pulumiOutput } from "./pulumi.ts";

/** A resource as `pulumi stack export` has it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly parent?: string;
  /** To be deleted, as another has its place. */
  readonly delete?: boolean;
  readonly protect?: boolean;
  readonly inputs?: { readonly metadata?: { readonly name?: string; readonly namespace?: string } };
}

/** Every resource of a stack. */
export async function resources(stack: string): Promise<readonly StateResource[]> {
  const state = JSON.parse(await pulumiOutput({ name: stack }, "stack", "export")) as {
    deployment: { resources?: StateResource[] };
  };
  return state.deployment.resources ?? [];
}

/** URNs of those among the resources that are protected. */
export function protectedUrns(chosen: readonly StateResource[]): readonly string[] {
  return chosen.filter(({ protect }) => protect === true).map(({ urn }) => urn);
}

/** A component and all that is in it. */
export function under(
  all: readonly StateResource[],
  isTop: (resource: StateResource) => boolean,
): readonly StateResource[] {
  const inside = new Set(all.filter(isTop).map(({ urn }) => urn));
  // A parent comes before its children in the state.
  for (const { urn, parent } of all) if (parent !== undefined && inside.has(parent)) inside.add(urn);
  return all.filter(({ urn }) => inside.has(urn));
}
