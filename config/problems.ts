/** Messages about a stack's problems: path, found and expected value, and the command that fixes it. */
import type { z } from "zod";

/** One thing that is wrong with a stack's config. */
export interface Problem {
  /** Config key, with the path inside the settings, e.g. `thoth:settings.bots[0].schedule`. */
  readonly path: string;
  /** Found and expected value. */
  readonly text: string;
  /** How to fix it; `{stack}` stands for the stack's name. */
  readonly fix: string;
}

/** Path as `pulumi config --path` writes it: dots between plain keys, brackets around numbers and other keys. */
export function propertyPath(key: string, steps: readonly PropertyKey[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === "number") return `${path}[${step}]`;
    const name = String(step);
    return /^[\w-]+$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
  }, key);
}

const quoted = (path: string): string => (/^[\w.:-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`);

/** Command that sets a plain setting. */
export function setCommand(path: string, value = "<value>"): string {
  return `npx pulumi config set --stack {stack} --path ${quoted(path)} ${value}`;
}

/** Command that removes a key or a setting. */
export function removeCommand(path: string): string {
  return `npx pulumi config rm --stack {stack} --path ${quoted(path)}`;
}

/** Command that sets a secret; texts of several lines come from a file. */
export function secretCommand(key: string, manyLines = false): string {
  return `npx pulumi config set --stack {stack} --secret ${quoted(key)}${manyLines ? " < FILE" : ""}`;
}

/** A value as the user wrote it, cut to 60 characters. */
export function formatValue(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Messages for zod's own issues; messages of the schema are kept. */
export function issueMessage(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      // zod takes whole numbers for numbers of a format.
      return `expected ${article(formatOf(issue.inst)?.includes("int") === true ? "int" : issue.expected)}`;
    case "invalid_value":
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "too_small":
      return `expected at least ${issue.minimum}${unit(issue.origin)}`;
    case "too_big":
      return `expected at most ${issue.maximum}${unit(issue.origin)}`;
    case "invalid_format":
      return `expected ${issue.format === "regex" ? `text like ${issue.pattern ?? "the pattern"}` : article(issue.format)}`;
    default:
      return undefined;
  }
}

function formatOf(schema: z.core.$ZodRawIssue["inst"]): string | undefined {
  const definition: object = schema?._zod.def ?? {};
  return "format" in definition && typeof definition.format === "string" ? definition.format : undefined;
}

function article(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    int: "a whole number",
    number: "a number",
    string: "text",
    boolean: "true or false",
    array: "a list",
    object: "a map",
    record: "a map",
    url: "a URL",
    email: "an e-mail address",
    ipv4: "an IPv4 address",
    ipv6: "an IPv6 address",
    uuid: "a UUID",
  };
  return names[expected] ?? expected;
}

function unit(origin: string): string {
  const units: Readonly<Record<string, string>> = { string: " character(s)", array: " entries" };
  return units[origin] ?? "";
}

/** "Did you mean" for an unknown name, or nothing. */
export function suggest(unknown: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, edits: distance(unknown.toLowerCase(), name.toLowerCase()) }))
    .filter(
      ({ name, edits }) =>
        edits < Math.min(unknown.length, name.length) &&
        edits <= Math.max(2, Math.floor(Math.max(unknown.length, name.length) / 3)),
    )
    .sort((a, b) => a.edits - b.edits)[0];
  return near === undefined ? "" : `; did you mean "${near.name}"?`;
}

/** Levenshtein's distance; two letters that changed places are one edit. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  let rowBefore = row;
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const [above = 0, before = 0, left = 0] = [row[j + 1], row[j], next[j]];
      const swapped = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j] ? (rowBefore[j - 1] ?? 0) + 1 : Infinity;
      next.push(Math.min(above + 1, left + 1, before + (a[i] === b[j] ? 0 : 1), swapped));
    }
    [rowBefore, row] = [row, next];
  }
  return row[b.length] ?? 0;
}

// eslint-disable-next-line no-control-regex -- that is what is looked for
const control = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** Text for a terminal: control characters, with which a file could rewrite what is shown, as escapes. */
export function printable(text: string): string {
  return text.replaceAll(control, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The whole message: every problem with its fix, settings first, then secrets. */
export function report(stack: string, problems: readonly Problem[]): string {
  const lines = problems.map(({ path, text, fix }) =>
    printable(`  ${path}: ${text}\n      ${fix.replaceAll("{stack}", stack)}`),
  );
  return `Pulumi.${stack}.yaml has ${problems.length} problem${problems.length === 1 ? "" : "s"}:\n${lines.join("\n")}`;
}
