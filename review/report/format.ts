/** Formats a changed resource: its title, and its fields as lines of a diff. */
import type { Change, ChangedField, Operation } from "../diff/compare.ts";
import { type Field, isHidden, isMap, pathText } from "../diff/fields.ts";
import type { Rendered } from "../evaluate/render.ts";
import { unified } from "../diff/unified.ts";

/** Operations in the order of the report. */
export const operations: readonly Operation[] = ["replace", "delete", "create", "update", "keep"];

/** Operations as column titles. */
export const verbs: Readonly<Record<Operation, string>> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  keep: "options changed",
};

/** Longest value that is printed, in characters. */
const longest = 2000;

/** The system that a resource belongs to, from the type of its top component. */
export function systemOf(urn: string): string {
  return /\borrery:(\w+):/.exec(urn)?.[1] ?? "clusters and clouds";
}

/** Whether a type is one of our components, which only group resources. */
export function isComponent(type: string): boolean {
  return type.startsWith("orrery:");
}

/** Kind and physical name: `Deployment cms-dials-prod/backend`, `Volume hub-home-1`. */
export function titleOf({ type, name, inputs }: Pick<Rendered, "type" | "name" | "inputs">): string {
  const kind = type.split(":").at(-1) ?? type;
  const metadata = isMap(inputs) && isMap(inputs.metadata) ? inputs.metadata : {};
  const physical = isMap(inputs) ? (metadata.name ?? inputs.name) : undefined;
  const own = typeof physical === "string" && physical !== "" ? physical : name;
  return `${kind} ${typeof metadata.namespace === "string" ? `${metadata.namespace}/` : ""}${own}`;
}

/** Title of a change, from the newer side if there is one. */
export function changeTitle({ after, before, type, name }: Change): string {
  return titleOf(after ?? before ?? { type, name, inputs: {} });
}

/** A value within a sentence: strings as they are, everything else as JSON. */
export function formatValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The value at a path of keys, or undefined. */
export function valueAt(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((parent, key) => (isMap(parent) ? parent[key] : undefined), value);
}

/** Every changed field and option as lines of a diff; lines without a sign name the field. */
export function diffLines({ fields, options }: Pick<Change, "fields" | "options">): readonly string[] {
  return [
    ...fields.flatMap(fieldLines),
    ...options.flatMap((option) => valueLines(`option ${pathText(option.path)}`, option)),
  ];
}

/** Lines as a block of code that none of them can end. */
export function fenced(lines: readonly string[]): readonly string[] {
  const runs = lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(Math.max(3, ...runs.map((length) => length + 1)));
  return [`${fence}diff`, ...lines, fence];
}

function fieldLines(field: ChangedField): readonly string[] {
  const name = `${pathText(field.path)}${field.forces ? " (forces replacement)" : ""}`;
  if (!field.derived) return valueLines(name, field);
  const before = field.before === undefined ? [] : [`- ${inline(field.before)}`];
  return [`  ${name}:`, ...before, "+ known after apply"];
}

function valueLines(name: string, { before, after }: Field): readonly string[] {
  if (isHidden(before) && isHidden(after)) return [`  ${name}:`, "- [secret]", "+ [secret], changed"];
  if (typeof before === "string" && typeof after === "string" && (before.includes("\n") || after.includes("\n")))
    return [`  ${name}:`, ...unified(before, after).map((line) => shortened(line))];
  return [
    `  ${name}:`,
    ...(before === undefined ? [] : block(before).map((line) => `- ${line}`)),
    ...(after === undefined ? [] : block(after).map((line) => `+ ${line}`)),
  ];
}

/** A value as one line, or as several if it is long. */
function block(value: unknown): readonly string[] {
  const short = inline(value);
  if (short.length <= 100) return [short];
  const whole = typeof value === "string" ? value : JSON.stringify(withoutDigests(value), undefined, 2);
  return shortened(whole).split("\n");
}

function inline(value: unknown): string {
  if (isHidden(value)) return "[secret]";
  return typeof value === "string" && !value.includes("\n") ? value : JSON.stringify(withoutDigests(value));
}

/** The value with secrets' digests as `[secret]`. */
function withoutDigests(value: unknown): unknown {
  if (isHidden(value)) return "[secret]";
  if (Array.isArray(value)) return value.map(withoutDigests);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutDigests(member)]));
}

function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)} ... (${text.length - longest} characters more)`;
}
