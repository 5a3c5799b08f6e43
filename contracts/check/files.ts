/** Files: those that the program opens are mounted and have the keys that it reads; no other file is mounted. */
import { holds, parsed, type Situation } from "./situation.ts";

/** Problems of a container's mounted files, one phrase each. */
export function fileProblems(situation: Situation): readonly string[] {
  const { container, reading } = situation;
  const known = Object.entries(reading.files ?? {}).map(([path, spec]) => ({ path, spec, form: pattern(path) }));
  const problems: string[] = [];
  for (const { path, spec, form } of known) {
    if (!("required" in spec) || spec.required !== true || !holds(spec.when, situation)) continue;
    // It may be on another volume: a claim, or a folder that an init container fills.
    const elsewhere = container.mounts.some(
      ({ path: at, kind }) => kind !== "files" && `${path}/`.startsWith(`${at}/`),
    );
    const found = [...container.files].some(([at, { missing }]) => missing === undefined && form.test(at));
    if (!found && !elsewhere) problems.push(`file ${path} is required and not mounted (${spec.at ?? ""})`);
  }
  for (const [at, given] of container.files) {
    if (given.missing !== undefined) {
      problems.push(`file ${at}: ${given.missing}`);
      continue;
    }
    const spec = known.find(({ form }) => form.test(at))?.spec;
    if (spec === undefined) problems.push(`file ${at} is mounted but not read`);
    else if (given.text !== undefined && !("unread" in spec && spec.unread !== undefined)) {
      problems.push(...contentProblems(spec, given.text).map((problem) => `file ${at} ${problem} (${spec.at ?? ""})`));
    }
  }
  return problems;
}

type Spec = NonNullable<Situation["reading"]["files"]>[string];

function contentProblems(spec: Spec, text: string): readonly string[] {
  if (!("format" in spec) && !("form" in spec) && !("keys" in spec)) return [];
  const problems: string[] = [];
  if (spec.form !== undefined && !new RegExp(spec.form, "m").test(text))
    problems.push(`does not have the form ${spec.form}`);
  if (spec.format === "pem" && !/-----BEGIN [A-Z ]+-----/.test(text)) problems.push("is not PEM");
  if (spec.format !== "yaml" && spec.format !== "json") return problems;
  const content = parsed(text);
  if (typeof content !== "object" || content === null) return [...problems, `is not ${spec.format.toUpperCase()}`];
  if (spec.keys === undefined) return problems;
  const [required, optional] = [spec.keys.required ?? [], spec.keys.optional ?? []];
  const paths = [...keyPaths(content)];
  for (const wanted of required) {
    const form = keyPattern(wanted);
    if (!paths.some((path) => form.test(path))) problems.push(`lacks the key ${wanted}`);
  }
  const read = [...required, ...optional].map(keyPattern);
  const prefixes = [...required, ...optional].flatMap((path) =>
    path.split(".").map((_, end, all) => keyPattern(all.slice(0, end + 1).join("."))),
  );
  for (const path of paths) {
    // If a key is read as a whole, so are the keys below it.
    const whole = path
      .split(".")
      .some((_, end, all) => read.some((form) => form.test(all.slice(0, end + 1).join("."))));
    if (!whole && !prefixes.some((form) => form.test(path))) problems.push(`has the key ${path}, which is not read`);
  }
  return problems;
}

/** Dotted paths of all members and items. */
function* keyPaths(value: unknown, at = ""): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const path = at === "" ? key : `${at}.${key}`;
    yield path;
    yield* keyPaths(item, path);
  }
}

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");

function keyPattern(path: string): RegExp {
  const parts = path.split(".").map((part) => escaped(part).replaceAll("*", "[^.]*"));
  return new RegExp(`^${parts.join("\\.")}$`);
}

/** A path with `*` for part of a segment and `**` for any number of them. */
function pattern(path: string): RegExp {
  return new RegExp(`^${escaped(path).replaceAll("**", "\0").replaceAll("*", "[^/]*").replaceAll("\0", ".*")}$`);
}
