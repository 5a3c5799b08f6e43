/** Names that Pulumi chooses once and keeps in the stack's state, as hosts may have: a render can only stand in for them. */
import { resourceState } from "../../../review/evaluate/outputs.ts";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { asObject, type Json } from "../../../policy/manifest.ts";
import type { StateResource } from "../resources.ts";

/** A chosen name. */
export interface ChosenName {
  /** URN of the resource that chose it. */
  readonly urn: string;
  /** What a render has in its place. */
  readonly standIn: string;
}

const chooser = "random:index/randomPet:RandomPet";

/** For each rendered resource the name that was chosen for its component, or for one that this is in. */
export function choosersOf(all: readonly Rendered[]): (resource: Rendered) => ChosenName | undefined {
  const parents = new Map(all.map(({ urn, parent }) => [urn, parent]));
  const choosers = new Map(
    all
      .filter(({ type }) => type === chooser)
      .map(({ type, name, urn, parent, inputs }) => {
        const { id } = resourceState({ type, name, urn, inputs: asObject(inputs) }, []);
        return [parent, { urn, standIn: id }];
      }),
  );
  return ({ parent }) => {
    let above: string | undefined = parent;
    while (above !== undefined && !choosers.has(above)) above = parents.get(above);
    return above === undefined ? undefined : choosers.get(above);
  };
}

/** Resources under the names that the state has for them. @param read - reads the state; called only if a name was chosen */
export async function withChosenNames<R extends { readonly inputs: Json; readonly chosen?: ChosenName }>(
  resources: readonly R[],
  read: () => Promise<readonly StateResource[]>,
): Promise<readonly R[]> {
  if (resources.every(({ chosen }) => chosen === undefined)) return resources;
  const names = new Map((await read()).map(({ urn, id }) => [urn, id]));
  return resources.map((one) => {
    if (one.chosen === undefined) return one;
    const { standIn, urn } = one.chosen;
    const name = names.get(urn) ?? "(not chosen yet)";
    const inputs = Object.entries(one.inputs).map(([key, value]) => [
      key,
      typeof value === "string" ? value.replaceAll(standIn, name) : value,
    ]);
    return { ...one, inputs: Object.fromEntries(inputs) as Json };
  });
}
