/** Random edits of a stack's file: one setting or secret at a time, whatever its system's schema lets pass. */
import { parseConfig } from "../../../config/parse.ts";
import type { Crypter } from "../../../config/passphrase.ts";
import { sample } from "../../../config/samples.ts";
import { put, setSecret } from "../../../config/stackEdit.ts";
import { readStackFile, sampleConfig, secretsOf } from "../../../config/stackFile.ts";
import { schemas } from "../../../components/registry.ts";

/** A source of numbers from 0 to 1. */
export type Random = () => number;

/** An edit that was made. */
export interface Edit {
  readonly system: string;
  /** What was edited, and how: for people. */
  readonly what: string;
  readonly text: string;
}

type Path = readonly (string | number)[];

const all = Object.values(schemas);

/**
 * Edits the file's text at one place of a system. `file` names a file to write drafts to.
 * @throws if nothing that the schema takes is found
 */
export function edit(system: string, text: string, draft: Draft, random: Random): Edit {
  for (let attempt = 0; attempt < 200; attempt++) {
    const made = random() < 0.15 ? secretEdit(system, text, draft, random) : settingEdit(system, text, draft, random);
    if (made !== undefined && made.text !== text && draft.problems(made.text).length === 0) return made;
  }
  throw new Error(`200 random edits of ${system} were all refused by its schema`);
}

/** Tries texts of a stack file out. */
export interface Draft {
  /** Writes the text and returns the file's path. */
  readonly write: (text: string) => string;
  readonly problems: (text: string) => readonly unknown[];
  readonly crypter: Crypter;
}

/** What is wrong with a stack file. */
export function problemsOf(file: string): readonly unknown[] {
  return parseConfig(sampleConfig(readStackFile(file), all), all).problems;
}

function settingEdit(system: string, text: string, draft: Draft, random: Random): Edit | undefined {
  const file = readStackFile(draft.write(text));
  // With defaults filled in, so that what the file leaves out is edited as well.
  const settings = parseConfig(sampleConfig(file, all), all).systems.get(system)?.settings;
  const places = [...placesOf(settings)];
  const [path, value] = pick(places, random);
  const changed = mutated(value, random);
  if (changed === undefined) return undefined;
  try {
    const at = ["config", `${system}:settings`, ...path];
    return {
      system,
      what: `${path.join(".")} = ${JSON.stringify(changed)}`.slice(0, 120),
      text: put(text, at, changed),
    };
  } catch {
    return undefined; // a place inside of something that the file leaves out altogether
  }
}

function secretEdit(system: string, text: string, draft: Draft, random: Random): Edit | undefined {
  const wanted = [...secretsOf(readStackFile(draft.write(text)), all)].filter(([key]) => key.startsWith(`${system}:`));
  if (wanted.length === 0) return undefined;
  const [key, { spec }] = pick(wanted, random);
  const value = sample(spec.format ?? "text", `another ${key} ${random()}`);
  const known = new Map(sampleConfig(readStackFile(draft.write(text)), all)).set(key, { value, secret: true });
  if (parseConfig(known, all).problems.length > 0) return undefined;
  return { system, what: `${key} = another secret`, text: setSecret(text, key, draft.crypter.encrypt(value)) };
}

/** Every value in the settings that may be edited, by its path; which cluster or cloud runs a system is left alone. */
function* placesOf(value: unknown, path: Path = []): Generator<readonly [Path, unknown]> {
  if (["cluster", "cloud"].includes(String(path.at(-1)))) return;
  if (path.length > 0) yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value))
    yield* placesOf(member, [...path, Array.isArray(value) ? Number(key) : key]);
}

/** Another value of the same kind. */
function mutated(value: unknown, random: Random): unknown {
  switch (typeof value) {
    case "boolean":
      return !value;
    case "number":
      return random() < 0.5 ? value + 1 : Math.max(0, value - 1);
    case "string":
      return mutatedText(value, random);
    default:
      if (Array.isArray(value) && value.length > 0) return mutatedList(value, random);
      return undefined;
  }
}

function mutatedText(value: string, random: Random): string {
  const size = /^(\d+)(\D+)$/.exec(value);
  if (size !== null) return `${Number(size[1]) + 1}${size[2] ?? ""}`;
  if (/@sha256:[0-9a-f]{64}$/.test(value)) return value.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
  if (/:\d[\w.-]*$/.test(value)) return `${value}-1`;
  return pick([`${value}x`, `x${value}`, value.replace(/\d/, (digit) => `${(Number(digit) + 1) % 10}`)], random);
}

function mutatedList(value: readonly unknown[], random: Random): readonly unknown[] {
  const at = Math.floor(random() * value.length);
  if (random() < 0.5) return value.filter((_, index) => index !== at);
  const item = value[at];
  const twin: unknown =
    typeof item === "string"
      ? mutatedText(item, random)
      : typeof item === "object" && item !== null && "name" in item && typeof item.name === "string"
        ? { ...item, name: `${item.name}x` }
        : item;
  return [...value, twin];
}

function pick<T>(list: readonly T[], random: Random): T {
  const item = list[Math.floor(random() * list.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}
