/** The changes between two states of the code, with everything that follows from them. */
import { type Change, compare } from "./compare.ts";
import { pathText } from "./fields.ts";
import type { Rendered, Renewed } from "./render.ts";

/** Renders the newer side; what is renewed gets other outputs. */
export type RenderHead = (renewed: Renewed) => Promise<readonly Rendered[]>;

/**
 * Compares two renders. A resource that is made anew has another id and other outputs, which may change what uses
 * them, or force that to be made anew as well: so the newer side is rendered until nothing more follows.
 */
export async function changesBetween(
  base: readonly Rendered[],
  head: RenderHead,
  secrets: readonly string[],
): Promise<readonly Change[]> {
  const direct = compare(base, await head({ urns: [], secrets }));
  let changes = direct;
  const urns = new Set<string>();
  for (;;) {
    const fresh = changes.filter((one) => renews(one) && !urns.has(one.urn));
    if (fresh.length === 0) return withOrigins(changes, direct);
    for (const { urn } of fresh) urns.add(urn);
    changes = compare(base, await head({ urns: [...urns], secrets }));
  }
}

/** Whether what a resource puts out is unknown until it has been done. */
function renews({ operation, type }: Change): boolean {
  return operation === "replace" || (operation === "update" && type.startsWith("command:"));
}

/** Marks the fields that differ only because another resource is made anew. */
function withOrigins(changes: readonly Change[], direct: readonly Change[]): readonly Change[] {
  const own = new Map(direct.map(({ urn, fields }) => [urn, new Set(fields.map(({ path }) => pathText(path)))]));
  return changes.map((one) => ({
    ...one,
    fields: one.fields.map((field) => ({ ...field, follows: own.get(one.urn)?.has(pathText(field.path)) !== true })),
  }));
}
