/** What a resource was called before: its aliases and those of its parents, as the engine reads them. */
import type { Rendered } from "./render.ts";

/** An alias on the wire: a URN, or what differs from the present one. */
interface Alias {
  readonly urn?: string;
  readonly spec?: {
    readonly name?: string;
    readonly type?: string;
    readonly parenturn?: string;
    readonly noparent?: boolean;
  };
}

/** URN of each resource that was known under another one of `known` -> that one. */
export function oldUrns(resources: readonly Rendered[], known: ReadonlySet<string>): ReadonlyMap<string, string> {
  const byUrn = new Map(resources.map((one) => [one.urn, one]));
  const candidates = new Map<string, readonly string[]>();
  const of = (urn: string): readonly string[] => {
    const found = candidates.get(urn);
    if (found !== undefined) return found;
    const one = byUrn.get(urn);
    const made = one === undefined ? [] : former(one, byUrn, of);
    candidates.set(urn, made);
    return made;
  };
  const taken = new Set(resources.map(({ urn }) => urn));
  return new Map(
    resources.flatMap(({ urn }) => {
      const old = known.has(urn) ? undefined : of(urn).find((one) => known.has(one) && !taken.has(one));
      return old === undefined ? [] : [[urn, old] as const];
    }),
  );
}

function former(
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
      // A child that is named after its parent was named after the parent's old name.
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
