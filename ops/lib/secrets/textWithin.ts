/** Reads a secret's text out of a live one that has more in it: a URL, JSON (a dockerconfig), YAML, INI, or those in base64. */
import { isDeepStrictEqual } from "node:util";
import { parseDocument } from "yaml";
import { textIn } from "../adopt/passwords.ts";

/** What is looked for: the text that stands in the template for the secret, and those that stand there for others. */
export interface Probe {
  readonly own: string;
  readonly others: readonly string[];
}

type Reading = (template: string, live: string, probe: Probe) => string | undefined;

/**
 * What stands in a live text where `probe.own` stands in the template, which is the same text as the program makes it. The two
 * may differ in everything else: in their layout, in other keys, in the user and host of a URL.
 */
export function textWithin(template: string, live: string, probe: Probe): string | undefined {
  if (template === probe.own) return live;
  if (template.trim() === probe.own.trim()) return live.trim();
  for (const read of [inBase64, inData, inIni, inUrl, inPair, inPlain]) {
    const found = read(template, live, probe);
    if (found !== undefined && found !== "") return found;
  }
  return undefined;
}

/** Whether the text that stands for a secret is anywhere in a template. */
export function holdsProbe(template: string, own: string): boolean {
  return innerTexts(template).some((text) => text.includes(own.trim()));
}

/** A text and all that are in it: what is in base64, the leaves and keys of JSON and YAML. */
export function innerTexts(text: string): readonly string[] {
  const [clear, data] = [fromBase64(text), dataOf(text)];
  const inside = [...(clear === undefined ? [] : [clear]), ...(data === undefined ? [] : leaves(data))];
  return [text, ...inside.filter((one) => one !== text).flatMap(innerTexts)];
}

/** The text that a base64 text stands for; undefined for invalid base64 or binary content. */
export function fromBase64(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.length < 8 || !/^[A-Za-z0-9+/]+={0,2}$/.test(trimmed)) return undefined;
  const clear = Buffer.from(trimmed, "base64").toString("utf8");
  const again = Buffer.from(clear).toString("base64").replace(/=+$/, "");
  return again === trimmed.replace(/=+$/, "") ? clear : undefined;
}

const inBase64: Reading = (template, live, probe) => {
  const [inner, old] = [fromBase64(template), fromBase64(live)];
  return inner === undefined || old === undefined || !holdsProbe(inner, probe.own)
    ? undefined
    : textWithin(inner, old, probe);
};

/** Maps and lists of JSON or YAML; undefined when the text is neither. */
function dataOf(text: string): object | undefined {
  if (!/[:[{-]/.test(text)) return undefined;
  try {
    const document = parseDocument(text);
    const data: unknown = document.errors.length > 0 ? undefined : document.toJS();
    return typeof data === "object" && data !== null ? data : undefined;
  } catch {
    return undefined; // an alias that leads nowhere
  }
}

/** Texts of all leaves, and names of keys. */
function leaves(value: unknown): readonly string[] {
  if (!isMap(value)) return [String(value)];
  return Object.entries(value).flatMap(([key, inner]) => [...(Array.isArray(value) ? [] : [key]), ...leaves(inner)]);
}

const inData: Reading = (template, live, probe) => {
  const [made, old] = [dataOf(template), dataOf(live)];
  return made === undefined || old === undefined ? undefined : below(made, old, probe);
};

function below(made: unknown, old: unknown, probe: Probe): string | undefined {
  if (!isMap(made)) {
    return isLeaf(made) && isLeaf(old) && holdsProbe(String(made), probe.own)
      ? textWithin(String(made), String(old), probe)
      : undefined;
  }
  if (!isMap(old)) return undefined;
  const [mine, theirs] = [Object.entries(made), Object.entries(old)];
  for (const [key, value] of mine) {
    if (!leaves({ [key]: value }).some((leaf) => holdsProbe(leaf, probe.own))) continue;
    const found = key === probe.own ? keyOf(value, theirs) : below(value, partner(key, mine, theirs), probe);
    if (found !== undefined && found !== "") return found;
  }
  return undefined;
}

/** A map or a list. */
const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const isLeaf = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value);

/** The key of the one entry that has this value: a secret may be the key of a map. */
function keyOf(value: unknown, theirs: readonly (readonly [string, unknown])[]): string | undefined {
  const [one, ...more] = theirs.filter(([, other]) => isDeepStrictEqual(other, value));
  return more.length === 0 ? one?.[0] : undefined;
}

/** The value of the same key; of the only host when both have one, as a registry's name is spelled in several ways. */
function partner(
  key: string,
  mine: readonly (readonly [string, unknown])[],
  theirs: readonly (readonly [string, unknown])[],
): unknown {
  const same = theirs.find(([other]) => other === key);
  if (same !== undefined) return same[1];
  const [one, ...more] = theirs;
  const areHosts = [key, one?.[0] ?? ""].every((name) => /[./]/.test(name));
  return areHosts && mine.length === 1 && more.length === 0 ? one?.[1] : undefined;
}

/** `key = value` lines below `[section]`s, and the assignments of a shell. */
function settingsOf(text: string): ReadonlyMap<string, string> {
  let section = "";
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) found.set(`${section} ${key}`, value.replace(/^(["'])(.*)\1$/, "$2"));
  }
  return found;
}

const inIni: Reading = (template, live, probe) => {
  const old = settingsOf(live);
  for (const [place, value] of settingsOf(template)) {
    const there = old.get(place);
    if (there === undefined || !holdsProbe(value, probe.own)) continue;
    const found = textWithin(value, there, probe);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** User, password, host with path, and query of a URL; a password may have an @ itself. */
const url = /^[a-z][\w+.-]*:\/\/(?:([^:/]*?)(?::(.*))?@)?([^@?]*)(\?[^#\s]*)?$/is;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const inUrl: Reading = (template, live, probe) => {
  const [made, old] = [url.exec(template.trim()), url.exec(live.trim())];
  if (made === null || old === null) return undefined;
  for (const part of [2, 1]) {
    if (decoded(made[part] ?? "") === probe.own && old[part] !== undefined) return decoded(old[part]);
  }
  const query = new URLSearchParams(old[4]);
  for (const [key, value] of new URLSearchParams(made[4])) if (value === probe.own) return query.get(key) ?? undefined;
  return undefined;
};

/** `user:password`, as a dockerconfig has it in base64. */
const inPair: Reading = (template, live, { own }) => {
  const [made, old] = [template, live].map((text) => /^([^\s:/]+):(\S+)$/.exec(text));
  return made?.[2] === own ? old?.[2] : undefined;
};

const inPlain: Reading = (template, live, { own, others }) => textIn(template, live, own, others);
