/** A state without what was adopted. */
import { titleOf } from "../../../review/report/format.ts";
import type { StateResource } from "../state/deployment.ts";
import { fits } from "./effects.ts";

/** Patterns of titles or URNs of resources that Orrery created. */
export interface Decisions {
  /** They stay in the state. */
  readonly keep: readonly string[];
  /** They are forgotten as well, and go on without anybody who knows them. */
  readonly orphan: readonly string[];
}

/** Resources of a state by what becomes of them. Components and providers follow. */
export interface Forgetting {
  readonly forgotten: readonly StateResource[];
  readonly kept: readonly StateResource[];
  readonly orphaned: readonly StateResource[];
  /** Created by Orrery, and nobody decided. */
  readonly undecided: readonly StateResource[];
}

/** Sorts a state's resources. `keep` is stronger than `orphan`. */
export function forgetting(
  resources: readonly StateResource[],
  isAdopted: (resource: StateResource) => boolean,
  { keep, orphan }: Decisions,
): Forgetting {
  const things = resources.filter(isThing);
  const named = (one: StateResource, patterns: readonly string[]): boolean =>
    patterns.some((pattern) => fits(pattern, stateTitle(one)) || fits(pattern, one.urn));
  const groups = Map.groupBy(things, (one): keyof Forgetting => {
    if (one.delete !== true && isAdopted(one)) return "forgotten";
    if (named(one, keep)) return "kept";
    return named(one, orphan) ? "orphaned" : "undecided";
  });
  const group = (key: keyof Forgetting): readonly StateResource[] => groups.get(key) ?? [];
  return {
    ...{ forgotten: group("forgotten"), kept: group("kept") },
    ...{ orphaned: group("orphaned"), undecided: group("undecided") },
  };
}

/** `Deployment dials/web`, as adopt and previews have it. */
export function stateTitle({ type, urn, inputs = {} }: StateResource): string {
  return titleOf({ type, name: urn.split("::").at(-1) ?? urn, inputs });
}

/** What a provider made: no component, no provider, nothing that the program only reads. */
const isThing = ({ type, custom, external }: StateResource): boolean =>
  custom === true && external !== true && !type.startsWith("pulumi:");

/** What is left of a state: these resources and everything above them; nothing refers to what is gone. */
export function remaining(
  resources: readonly StateResource[],
  kept: readonly StateResource[],
): readonly StateResource[] {
  const frame = new Map(resources.filter((one) => !isThing(one)).map((one) => [one.urn, one]));
  const needed = new Set<string>();
  const need = (urn: string): void => {
    const one = frame.get(urn);
    if (one === undefined || needed.has(urn)) return;
    needed.add(urn);
    above(one).forEach(need);
  };
  kept.flatMap(above).forEach(need);
  const own = new Set(kept.map(keyOf));
  const left = resources.filter((one) => (isThing(one) ? own.has(keyOf(one)) : needed.has(one.urn)));
  const urns = new Set(left.map(({ urn }) => urn));
  return left.map((one) => withoutReferences(one, urns));
}

/** Two rows of a state may have one URN: one of them is about to be deleted. */
const keyOf = ({ urn, id = "", delete: isGoing = false }: StateResource): string => `${urn} ${id} ${String(isGoing)}`;

/** URNs of a resource's parent and provider; a provider's reference ends with its id. */
const above = ({ parent = "", provider = "" }: StateResource): readonly string[] => [
  parent,
  provider.split("::").slice(0, 4).join("::"),
];

function withoutReferences(one: StateResource, there: ReadonlySet<string>): StateResource {
  const { parent, deletedWith, dependencies, propertyDependencies, ...rest } = one;
  const inState = (urn: string): boolean => there.has(urn);
  const byProperty = Object.entries(propertyDependencies ?? {}).map(
    ([property, urns]) => [property, (urns ?? []).filter(inState)] as const,
  );
  return {
    ...rest,
    ...(parent !== undefined && inState(parent) ? { parent } : {}),
    ...(deletedWith !== undefined && inState(deletedWith) ? { deletedWith } : {}),
    ...(dependencies == null ? {} : { dependencies: dependencies.filter(inState) }),
    ...(propertyDependencies == null ? {} : { propertyDependencies: Object.fromEntries(byProperty) }),
  };
}
