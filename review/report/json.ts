/** The report as JSON, for scripts: no values of fields, which a person reads in the Markdown. */
import { printable } from "../../config/problems.ts";
import { declaredQuotas } from "../declaredQuotas.ts";
import { demandChanges } from "../demand.ts";
import { pathText } from "../diff/fields.ts";
import { risksOf } from "../risks/index.ts";
import { changeTitle, isComponent } from "./format.ts";
import type { StackReview } from "./markdown.ts";

/** `base` and `head` name the commits; `notes` is what could not be compared. */
export function reviewJson(
  stacks: readonly StackReview[],
  base: string,
  head: string,
  notes: readonly string[] = [],
): string {
  const all = stacks.map(({ stack, changes, moved = [], resources = [], quota }) => ({
    stack,
    changes: changes
      .filter(({ type }) => !isComponent(type))
      .map((one) => ({
        ...{ operation: one.operation, urn: one.urn, title: changeTitle(one) },
        ...{ fields: [...one.fields, ...one.options].map(({ path }) => pathText(path)), risks: risksOf(one) },
      })),
    ...{ moved, demand: demandChanges(changes, resources), declaredQuotas: declaredQuotas(changes, resources) },
    ...(quota === undefined ? {} : { quota }),
  }));
  return printable(JSON.stringify({ base, head, stacks: all, notes }, undefined, 2));
}
