/** Names that Pulumi chooses once and keeps in the stack's state, as hosts may have: a render can only stand in for them. */
import { resourceState } from "../../../review/evaluate/outputs.ts";
import type { Rendered } from "../../../review/evaluate/render.ts";
import { asObject, type Json } from "../../../policy/manifest.ts";
import type { StateResource } from "../resources.ts";
import { messageOf } from "./row.ts";

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

/** Resources under their names. */
export interface Named<R> {
  readonly known: readonly R[];
  /** Why the names of others are not known. @default all are */
  readonly problem?: string;
}

/** Names in a stack's state: it is read once, and again where a name was not in it yet. */
export class NameMemory {
  private reading: Promise<ReadonlyMap<string, string | undefined>> | undefined;
  private readonly read: () => Promise<readonly StateResource[]>;

  /** @param read - reads the state; called only if a name was chosen */
  constructor(read: () => Promise<readonly StateResource[]>) {
    this.read = read;
  }

  /** Resources under the names that the state has for them; without those whose names it does not say. */
  async named<R extends { readonly inputs: Json; readonly chosen?: ChosenName }>(
    resources: readonly R[],
  ): Promise<Named<R>> {
    const urns = resources.flatMap(({ chosen }) => chosen?.urn ?? []);
    if (urns.length === 0) return { known: resources };
    try {
      this.reading ??= this.read().then((all) => new Map(all.map(({ urn, id }) => [urn, id])));
      const names = await this.reading;
      if (urns.some((urn) => !names.has(urn))) this.reading = undefined;
      return { known: resources.map((one) => underName(one, names)) };
    } catch (error) {
      this.reading = undefined;
      return { known: resources.filter(({ chosen }) => chosen === undefined), problem: messageOf(error) };
    }
  }
}

function underName<R extends { readonly inputs: Json; readonly chosen?: ChosenName }>(
  resource: R,
  names: ReadonlyMap<string, string | undefined>,
): R {
  if (resource.chosen === undefined) return resource;
  const { standIn, urn } = resource.chosen;
  const name = names.get(urn) ?? "(not chosen yet)";
  const inputs = Object.entries(resource.inputs).map(([key, value]) => [
    key,
    typeof value === "string" ? value.replaceAll(standIn, name) : value,
  ]);
  return { ...resource, inputs: Object.fromEntries(inputs) as Json };
}
