/** Follows replacements to the resources that depend on them. */
import { type Change, compare } from "./compare.ts";
import { pathText } from "./fields.ts";
import type { Rendered, Replacements } from "../evaluate/render.ts";

/** Renders the newer side with other outputs for replaced resources. */
export type RenderHead = (replacements: Replacements) => Promise<readonly Rendered[]>;

/**
 * Compares two renders. A replaced resource has another ID and other outputs, which may change or replace its dependents:
 * the newer side is rendered again until no further resource is replaced.
 */
export async function withReplacements(
  base: readonly Rendered[],
  head: RenderHead,
  secrets: readonly string[],
): Promise<readonly Change[]> {
  const direct = compare(base, await head({ urns: [], secrets }));
  let changes = direct;
  const urns = new Set<string>();
  for (;;) {
    const fresh = changes.filter((one) => changesOutputs(one) && !urns.has(one.urn));
    if (fresh.length === 0) return markDerived(changes, direct);
    for (const { urn } of fresh) urns.add(urn);
    changes = compare(base, await head({ urns: [...urns], secrets }));
  }
}

/** Whether a change makes the resource's outputs unknown until it is applied. */
function changesOutputs({ operation, type }: Change): boolean {
  return operation === "replace" || (operation === "update" && type.startsWith("command:"));
}

/** Marks the fields that differ only because another resource is replaced. */
function markDerived(changes: readonly Change[], direct: readonly Change[]): readonly Change[] {
  const own = new Map(direct.map(({ urn, fields }) => [urn, new Set(fields.map(({ path }) => pathText(path)))]));
  return changes.map((one) => ({
    ...one,
    fields: one.fields.map((field) => ({ ...field, derived: own.get(one.urn)?.has(pathText(field.path)) !== true })),
  }));
}
