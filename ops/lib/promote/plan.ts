/** What promoting one stack's images and versions to another one would change. */
import { parseImage } from "../../../config/image.ts";
import { type StackImage, valueAt } from "../images/list.ts";

/** A stack as its file has it. */
export interface Side {
  readonly name: string;
  /** The written settings of each of its systems, by namespace. */
  readonly settings: ReadonlyMap<string, unknown>;
  readonly images: readonly StackImage[];
}

/** One setting that moves. */
export interface Step {
  readonly namespace: string;
  /** Path below the system's settings. */
  readonly at: readonly string[];
  /** What the target's file has now; undefined if it leaves it to the program. */
  readonly before: string | undefined;
  readonly value: string;
}

/** A setting that differs and stays. */
export interface Left {
  /** E.g. `packit:settings.postgres.version`. */
  readonly setting: string;
  readonly why: string;
}

/** The version besides the images that a deployment alone moves. */
const versions = [{ namespace: "prow", at: ["files", "version"] }] as const;

/** Versions of what holds data: a deployment alone may not be able to read it. */
const upgrades = [
  { namespace: "packit", at: ["postgres", "version"], how: "npx orrery packit upgrade-database" },
  { namespace: "stream", at: ["postgres", "version"], how: "npx orrery packit upgrade-database --service stream" },
  {
    namespace: "thoth",
    at: ["dgraph", "version"],
    how: "its data may have to be exported and loaded; change it by hand",
  },
] as const;

/** `prow:settings.images.deck` */
export const settingText = ({ namespace, at }: Pick<Step, "namespace" | "at">): string =>
  [`${namespace}:settings`, ...at].join(".");

/** Compares what both files name. Settings that neither or only the target has stay as they are. */
export function plan(from: Side, to: Side): { readonly steps: readonly Step[]; readonly left: readonly Left[] } {
  const steps: Step[] = [];
  const left: Left[] = [];
  const move = (namespace: string, at: readonly string[]): void => {
    const [value, before] = [from, to].map(({ settings }) => textAt(settings.get(namespace), at));
    if (value !== undefined && value !== before) steps.push({ namespace, at, before, value });
  };
  for (const { configured, own } of from.images) {
    if (configured === undefined || !own || !to.settings.has(configured.namespace)) continue;
    const { namespace, at } = configured;
    if (configured.bound !== undefined) {
      if (textAt(from.settings.get(namespace), at) !== textAt(to.settings.get(namespace), at))
        left.push({ setting: settingText(configured), why: configured.bound });
    } else if (valueAt(to.settings.get(namespace), partAt(at)) === undefined) {
      left.push({ setting: settingText(configured), why: `${to.name} has no ${partAt(at).join(".")}` });
    } else move(namespace, at);
  }
  for (const { configured, own } of to.images) {
    if (configured === undefined || !own || !from.settings.has(configured.namespace)) continue;
    if (textAt(from.settings.get(configured.namespace), configured.at) === undefined)
      left.push({
        setting: settingText(configured),
        why: `only ${to.name} names it, ${from.name} leaves it to the program`,
      });
  }
  for (const { namespace, at } of versions) if (to.settings.has(namespace)) move(namespace, at);
  for (const { namespace, at, how } of upgrades) {
    const [value, now] = [from, to].map(({ settings }) => textAt(settings.get(namespace), at));
    if (value !== undefined && to.settings.has(namespace) && value !== now)
      left.push({
        setting: settingText({ namespace, at }),
        why: how.startsWith("npx") ? `${how} --to ${value} --stack ${to.name}` : how,
      });
  }
  return { steps, left };
}

function textAt(settings: unknown, at: readonly string[]): string | undefined {
  const value = valueAt(settings, at);
  return typeof value === "string" ? value : undefined;
}

/** The part of a system that an image belongs to, e.g. `station` of `station.images.adviser`. */
function partAt(at: readonly string[]): readonly string[] {
  const table = at.indexOf("images");
  return at.slice(0, table < 0 ? -1 : table);
}

/** An image in few characters: tag and the digest's first digits. */
export function shortImage(text: string): string {
  if (/^sha256:/.test(text)) return text.slice(0, "sha256:".length + 12);
  const { repository, tag, digest } = parseImage(text);
  if (tag === undefined && digest === undefined) return text;
  const name = repository.split("/").at(-1) ?? repository;
  return `${name}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${shortImage(digest)}`}`;
}
