/** Compares two renders: what the engine would do to get from one to the other. */
import { oldUrns } from "./aliases.ts";
import { type Field, fieldsBetween } from "./fields.ts";
import { covers, forcesReplacement, segments } from "./immutable.ts";
import type { Rendered } from "../evaluate/render.ts";

/** What happens to a resource; with `keep` only its options change, not the resource in the cloud. */
export type Operation = "create" | "update" | "replace" | "delete" | "keep";

/** A field of a changed resource. */
export interface ChangedField extends Field {
  /** Whether it forces a replacement of the resource. */
  readonly forces: boolean;
  /** Whether its new value comes from another resource and is known only after that one is applied. */
  readonly derived: boolean;
}

/** One resource that changes. */
export interface Change {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly operation: Operation;
  readonly fields: readonly ChangedField[];
  /** Options that differ: protect, retainOnDelete, ... */
  readonly options: readonly Field[];
  readonly before: Rendered | undefined;
  readonly after: Rendered | undefined;
}

/** Options whose changes are reported. */
const reportedOptions = [
  "protect",
  "retainOnDelete",
  "ignoreChanges",
  "deleteBeforeReplace",
  "replaceOnChanges",
] as const;

/** Every resource that changes, components included, sorted by URN. */
export function compare(before: readonly Rendered[], after: readonly Rendered[]): readonly Change[] {
  const old = new Map(before.map((one) => [one.urn, one]));
  const formerly = oldUrns(after, new Set(old.keys()));
  const kept = new Set(after.map(({ urn }) => formerly.get(urn) ?? urn));
  const gone = before.filter(({ urn }) => !kept.has(urn)).map((one) => change(one, undefined));
  const rest = after.map((one) => change(old.get(formerly.get(one.urn) ?? one.urn), one));
  return [...gone, ...rest]
    .filter((one) => one.operation !== "keep" || one.options.length > 0)
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
}

function change(before: Rendered | undefined, after: Rendered | undefined): Change {
  const one = after ?? before;
  if (one === undefined) throw new Error("neither side of the change has a resource");
  const common = { urn: one.urn, type: one.type, name: one.name, before, after };
  if (before === undefined || after === undefined) {
    const operation = before === undefined ? "create" : "delete";
    return { ...common, operation, fields: [], options: [] };
  }
  const ignored = after.options.ignoreChanges ?? [];
  const fields = fieldsBetween(before.inputs, after.inputs)
    .filter(({ path }) => !ignored.some((rule) => segments(rule).length <= path.length && covers(segments(rule), path)))
    .map((field) => ({
      ...field,
      forces: forcesReplacement(one.type, field.path, after.options.replaceOnChanges),
      derived: false,
    }));
  const options = reportedOptions.flatMap((option) =>
    fieldsBetween(before.options[option], after.options[option], [option]),
  );
  const trigger = fieldsBetween(before.options.replacementTrigger, after.options.replacementTrigger).length > 0;
  return { ...common, operation: operationOf(before, after, fields, trigger), fields, options };
}

function operationOf(before: Rendered, after: Rendered, fields: readonly ChangedField[], trigger: boolean): Operation {
  // A component's inputs are only recorded in the state.
  if (after.type.startsWith("orrery:")) return "keep";
  if (trigger || before.provider !== after.provider || fields.some(({ forces }) => forces)) return "replace";
  return fields.length > 0 ? "update" : "keep";
}
