/** Tables of settings and the fields of objects that show them: what the settings would have to be for the program to declare what runs. */
import { isDeepStrictEqual } from "node:util";
import { quantityOf } from "../../../config/fields.ts";
import type { Json } from "../../../policy/manifest.ts";
import { isMap } from "../../../review/diff/fields.ts";
import type { SettingChange } from "./stackDraft.ts";

/** A field of an object, and the setting that declares it. */
export interface FieldRow {
  /** `Deployment namespace/name`, or the type and name of a cloud's resource. */
  readonly object: string;
  /** `spec.template.spec.containers[web].args[--port=]`: a list's item by index, name or, of texts, beginning. */
  readonly field: string;
  readonly setting: readonly (string | number)[];
  /** The setting's value for a field's; undefined where no setting says it. @default the field's own */
  readonly read?: (value: unknown, object: Json) => unknown;
}

/** A setting that decides which objects there are. */
interface ChoiceRow {
  readonly setting: readonly (string | number)[];
  /** The first value of which an object runs; the one without objects if none does. */
  readonly values: readonly { readonly is: unknown; readonly objects: readonly string[] }[];
}

/** Everything of one system, from its settings. */
export interface SettingTable {
  readonly fields: readonly FieldRow[];
  readonly choices: readonly ChoiceRow[];
}

/** What runs, and what is declared; objects by their titles. */
export interface Observed {
  readonly live: (title: string) => Json | undefined;
  readonly declared: (title: string) => Json | undefined;
}

/** Settings that differ from what runs. */
export function suggestions(
  namespace: string,
  { fields, choices }: SettingTable,
  settings: unknown,
  { live, declared }: Observed,
): readonly SettingChange[] {
  const runs = choices.some(({ values }) =>
    values.some(({ objects }) => objects.some((one) => live(one) !== undefined)),
  );
  const chosen = choices.flatMap(({ setting, values }): readonly SettingChange[] => {
    const found = values.find(({ objects }) => objects.some((one) => live(one) !== undefined));
    const one = found ?? values.find(({ objects }) => objects.length === 0);
    if (one === undefined || !runs || isDeepStrictEqual(memberAt(settings, setting), one.is)) return [];
    const all = values.flatMap(({ objects }) => objects);
    const because =
      found === undefined
        ? `there is no ${all.join(" and no ")}`
        : `${found.objects.find((object) => live(object) !== undefined) ?? ""} is there`;
    return [{ namespace, at: setting, value: one.is, because }];
  });
  const read = fields.flatMap(({ object, field, setting, read: how = asIs }): readonly SettingChange[] => {
    const [now, then] = [live(object), declared(object)];
    if (now === undefined || then === undefined) return [];
    const [value, own] = [how(valueAt(now, field), now), how(valueAt(then, field), then)];
    if (value === undefined || same(value, own) || same(value, memberAt(settings, setting))) return [];
    return [{ namespace, at: setting, value, because: `${object}: ${field}` }];
  });
  // Where several objects show one setting, the first that does counts.
  const all = [...chosen, ...read];
  return all.filter((one, at) => all.findIndex((other) => isDeepStrictEqual(other.at, one.at)) === at);
}

const asIs = (value: unknown): unknown => value;

/** A number that is a text in the object. */
export function asNumber(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && !Number.isNaN(number) ? number : undefined;
}

/** The first group of a pattern in a text. */
export function found(pattern: RegExp): (value: unknown) => string | undefined {
  return (value) => (typeof value === "string" ? pattern.exec(value)?.[1] : undefined);
}

/** The only item of a list. */
export function only(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : undefined;
}

/** A value by its path as {@link FieldRow.field} has it. */
export function valueAt(object: unknown, field: string): unknown {
  const steps = [...field.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)].map(([, plain, bracket]) => plain ?? bracket ?? "");
  return steps.reduce<unknown>((value, step, at) => {
    if (isMap(value)) return value[step];
    if (!Array.isArray(value)) return undefined;
    const items: readonly unknown[] = value;
    if (/^\d+$/.test(step)) return items[Number(step)];
    const text = items.find((item) => typeof item === "string" && item.startsWith(step));
    if (typeof text === "string") return text.slice(step.length);
    const named = items.find(
      (item) => isMap(item) && (item.name === step || memberAt(item, ["metadata", "name"]) === step),
    );
    // A program's only container is it, whatever it is called.
    return named ?? (steps[at - 1] === "containers" && items.length === 1 ? items[0] : undefined);
  }, object);
}

function memberAt(value: unknown, at: readonly (string | number)[]): unknown {
  return at.reduce<unknown>(
    (parent, key) =>
      typeof parent === "object" && parent !== null ? (parent as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}

/** `1Gi` and `1024Mi` are one size. */
function same(one: unknown, other: unknown): boolean {
  if (isDeepStrictEqual(one, other)) return true;
  try {
    return typeof one === "string" && typeof other === "string" && quantityOf(one) === quantityOf(other);
  } catch {
    return false;
  }
}
