/** How a changed resource is told to people: its title and its fields as lines of a diff. */
import type { Change, ChangedField, Operation } from "./compare.ts";
import { type Field, isHidden, isMap, pathText } from "./fields.ts";
import type { Rendered } from "./render.ts";
import { unified } from "./unified.ts";

/** What happens, in the order in which people want to see it. */
export const operations: readonly Operation[] = ["replace", "delete", "create", "update", "keep"];

/** What happened, as people say it. */
export const verbs: Readonly<Record<Operation, string>> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  keep: "treated otherwise",
};

/** Characters of one value that are shown. */
const longest = 2000;

/** The system that a resource belongs to: the folder of its top component. */
export function systemOf(urn: string): string {
  return /\borrery:(\w+):/.exec(urn)?.[1] ?? "clusters and clouds";
}

/** Whether it is only a folder of other resources. */
export function isComponent(type: string): boolean {
  return type.startsWith("orrery:");
}

/** `Deployment cms-dials-prod/backend`, `Volume hub-home-1`: what it is and what it is called out there. */
export function titleOf({ type, name, inputs }: Pick<Rendered, "type" | "name" | "inputs">): string {
  const kind = type.split(":").at(-1) ?? type;
  const metadata = isMap(inputs) && isMap(inputs.metadata) ? inputs.metadata : {};
  const physical = isMap(inputs) ? (metadata.name ?? inputs.name) : undefined;
  const own = typeof physical === "string" && physical !== "" ? physical : name;
  return `${kind} ${typeof metadata.namespace === "string" ? `${metadata.namespace}/` : ""}${own}`;
}

/** A title of a change: that of the newer side. */
export function changeTitle({ after, before, type, name }: Change): string {
  return titleOf(after ?? before ?? { type, name, inputs: {} });
}

/** A value as one writes it in a sentence. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What is found along these keys; undefined where they end. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((held, key) => (isMap(held) ? held[key] : undefined), value);
}

/** Every changed field and option as lines of a diff: unmarked lines name the field. */
export function diffLines({ fields, options }: Pick<Change, "fields" | "options">): readonly string[] {
  return [
    ...fields.flatMap(fieldLines),
    ...options.flatMap((option) => valueLines(`option ${pathText(option.path)}`, option)),
  ];
}

function fieldLines(field: ChangedField): readonly string[] {
  const name = `${pathText(field.path)}${field.forces ? " (forces a new one)" : ""}`;
  if (!field.follows) return valueLines(name, field);
  const before = field.before === undefined ? [] : [`- ${inline(field.before)}`];
  return [`  ${name}:`, ...before, "+ known when what it comes from has been made"];
}

function valueLines(name: string, { before, after }: Field): readonly string[] {
  if (isHidden(before) && isHidden(after)) return [`  ${name}:`, "- [secret]", "+ [secret], another one"];
  if (typeof before === "string" && typeof after === "string" && (before.includes("\n") || after.includes("\n")))
    return [`  ${name}:`, ...unified(before, after).map((line) => shortened(line))];
  return [
    `  ${name}:`,
    ...(before === undefined ? [] : block(before).map((line) => `- ${line}`)),
    ...(after === undefined ? [] : block(after).map((line) => `+ ${line}`)),
  ];
}

/** A value on as many lines as it needs. */
function block(value: unknown): readonly string[] {
  const short = inline(value);
  if (short.length <= 100) return [short];
  const whole = typeof value === "string" ? value : JSON.stringify(shown(value), undefined, 2);
  return shortened(whole).split("\n");
}

function inline(value: unknown): string {
  if (isHidden(value)) return "[secret]";
  return typeof value === "string" && !value.includes("\n") ? value : JSON.stringify(shown(value));
}

/** The value without digests. */
function shown(value: unknown): unknown {
  if (isHidden(value)) return "[secret]";
  if (Array.isArray(value)) return value.map(shown);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, shown(held)]));
}

function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)} ... (${text.length - longest} characters more)`;
}
