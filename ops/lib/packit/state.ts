/** A stack's state, as day-2 commands read it. */
import { pulumiOutput } from "../stack.ts";

/** A resource as `pulumi stack export` has it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly parent?: string;
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

/** Lifts the protection of those among the resources that have one. */
export async function unprotect(stack: string, chosen: readonly StateResource[]): Promise<void> {
  const urns = chosen.filter(({ protect }) => protect === true).map(({ urn }) => urn);
  if (urns.length > 0) await pulumiOutput({ name: stack }, "state", "unprotect", ...urns, "--yes");
}

/** Protects those among the resources that are still in the state and are not protected. */
export async function protect(stack: string, chosen: readonly StateResource[]): Promise<void> {
  const bare = new Set((await resources(stack)).filter((one) => one.protect !== true).map(({ urn }) => urn));
  const urns = chosen.map(({ urn }) => urn).filter((urn) => bare.has(urn));
  if (urns.length > 0) await pulumiOutput({ name: stack }, "state", "protect", ...urns, "--yes");
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
