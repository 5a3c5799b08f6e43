/** Former URNs of resources: their aliases and those of their parents, combined as the engine does. */
import type { Rendered } from "../evaluate/render.ts";

/** An alias in the engine's protocol: a URN, or the parts that differ from the current one. */
interface Alias {
  readonly urn?: string;
  readonly spec?: {
    readonly name?: string;
    readonly type?: string;
    readonly parenturn?: string;
    readonly noparent?: boolean;
  };
}

/** Maps each resource that has a former URN among `known` to that URN. */
export function oldUrns(resources: readonly Rendered[], known: ReadonlySet<string>): ReadonlyMap<string, string> {
  const byUrn = new Map(resources.map((one) => [one.urn, one]));
  const candidates = new Map<string, readonly string[]>();
  const of = (urn: string): readonly string[] => {
    const found = candidates.get(urn);
    if (found !== undefined) return found;
    const one = byUrn.get(urn);
    const urns = one === undefined ? [] : formerUrns(one, byUrn, of);
    candidates.set(urn, urns);
    return urns;
  };
  const taken = new Set(resources.map(({ urn }) => urn));
  return new Map(
    resources.flatMap(({ urn }) => {
      const old = known.has(urn) ? undefined : of(urn).find((one) => known.has(one) && !taken.has(one));
      return old === undefined ? [] : [[urn, old] as const];
    }),
  );
}

function formerUrns(
  one: Rendered,
  byUrn: ReadonlyMap<string, Rendered>,
  of: (urn: string) => readonly string[],
): readonly string[] {
  const own = (one.options.aliases ?? []) as readonly Alias[];
  const parentName = byUrn.get(one.parent)?.name;
  const parents = [one.parent, ...of(one.parent)];
  const combined = [{ spec: {} }, ...own].flatMap((alias: Alias) => {
    if (alias.urn !== undefined && alias.urn !== "") return [alias.urn];
    const { name = "", type = "", parenturn = "", noparent = false } = alias.spec ?? {};
    const under = noparent ? [""] : parenturn === "" ? parents : [parenturn, ...of(parenturn)];
    return under.map((parent) => {
      // A child whose name starts with its parent's had the parent's former name as prefix.
      const renamed = nameOf(parent);
      const follows = name === "" && parentName !== undefined && renamed !== "" && one.name.startsWith(parentName);
      const old = follows ? `${renamed}${one.name.slice(parentName.length)}` : name === "" ? one.name : name;
      return urnOf(parent, type === "" ? one.type : type, old, one.urn);
    });
  });
  return [...new Set(combined)].filter((urn) => urn !== one.urn);
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function urnOf(parent: string, type: string, name: string, like: string): string {
  const [stack = "", project = ""] = like.split("::");
  const chain = parent === "" ? "" : `${parent.split("::")[2] ?? ""}$`;
  return `${stack}::${project}::${chain}${type}::${name}`;
}
