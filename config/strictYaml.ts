/** YAML of stack files, read so that nothing in it means another thing to Pulumi's engine, which reads it by Go's yaml.v3. */
import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, type Node, parseDocument } from "yaml";
import { propertyPath } from "./problems.ts";

/** A document that was read. */
interface Reading {
  readonly content: unknown;
  /** One line each: where, what was found, what to write instead. */
  readonly problems: readonly string[];
}

/** Numbers as Go takes them: underscores anywhere, octal by a leading zero, signs before prefixes. */
const integer = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9]\d*)$/;
const float = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const timestamp =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d{1,2}:\d{2})| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?$/;
const unrepresentable = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** What the engine makes of an unquoted scalar where that may differ from YAML 1.2; undefined elsewhere. */
export function engineReading(source: string): string | undefined {
  if (unrepresentable.test(source)) return "no value at all";
  if (timestamp.test(source)) return "a point in time";
  if (!/^[-+.\d]/.test(source)) return undefined;
  const plain = source.replaceAll("_", "");
  if (integer.test(plain)) return String(wholeNumber(plain));
  if (!float.test(plain)) return undefined;
  return Number.isFinite(Number(plain)) ? String(Number(plain)) : JSON.stringify(source);
}

/** As the program gets it, which is a JavaScript number. */
function wholeNumber(plain: string): number {
  const [, sign = "", digits = ""] = /^([-+]?)(.*)$/.exec(plain) ?? [];
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits}` : digits;
  return Number(octal.toLowerCase()) * (sign === "-" ? -1 : 1);
}

/** Reads one document and says where the engine would read something else, or where only one of the two reads anything. */
export function readStrictYaml(text: string): Reading {
  const control = controlCharacter(text);
  if (control !== undefined) return { content: undefined, problems: [control] };
  try {
    const document = parseDocument(text, { logLevel: "error" });
    const broken = [...document.errors, ...document.warnings].map(({ message }) => firstLine(message));
    // Of a text that is nested too deeply the parser says the same for each level that it gives up.
    if (broken.length > 0)
      return { content: undefined, problems: broken.slice(0, deep.test(broken[0] ?? "") ? 1 : 10) };
    const problems = document.contents === null ? [] : nodeProblems(document.contents, []);
    return { content: problems.length === 0 ? document.toJS() : undefined, problems };
  } catch (error) {
    return { content: undefined, problems: [firstLine(error instanceof Error ? error.message : String(error))] };
  }
}

const deep = /nested too deeply/;

/** The parser's own sentence; of a text that is nested too deeply it only says that its stack is full. */
function firstLine(message: string): string {
  return (
    message.replace("Maximum call stack size exceeded", "it is nested too deeply").split("\n")[0]?.replace(/:$/, "") ??
    ""
  );
}

function controlCharacter(text: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- that is what is looked for
  const found = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.exec(text);
  if (found === null) return undefined;
  const line = text.slice(0, found.index).split("\n").length;
  return `line ${line} has the control character 0x${found[0].charCodeAt(0).toString(16).padStart(2, "0")}; remove it`;
}

type Steps = readonly (string | number)[];

function nodeProblems(node: Node, at: Steps): readonly string[] {
  const where = nameOf(at);
  if (isAlias(node)) return [`${where}: got the alias *${node.source}; write the value itself`];
  if (isCollection(node) || isScalar(node)) {
    if (node.tag !== undefined) return [`${where}: got the tag ${node.tag}; leave it out and quote text`];
    if (node.anchor !== undefined) return [`${where}: got the anchor &${node.anchor}; leave it out`];
  }
  if (isScalar(node)) return scalarProblems(node.value, node.type === "PLAIN" ? node.source : undefined, where);
  if (isSeq(node)) return node.items.flatMap((item, index) => nodeProblems(item as Node, [...at, index]));
  if (!isMap(node)) return [];
  return node.items.flatMap((pair) => {
    const key = isPair(pair) && isScalar(pair.key) ? pair.key : undefined;
    const value = key?.value;
    if (key === undefined || (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean"))
      return [`${where}: has a key that is no plain text`];
    const name = String(value);
    if (name === "<<") return [`${where}: got the merge key <<; write the members themselves`];
    if (name === "__proto__") return [`${where}: no key may be called __proto__`];
    const inside = [...at, name];
    const problems = scalarProblems(value, key.type === "PLAIN" ? key.source : undefined, nameOf(inside));
    return [...problems, ...(pair.value === null ? [] : nodeProblems(pair.value as Node, inside))];
  });
}

function scalarProblems(value: unknown, source: string | undefined, where: string): readonly string[] {
  if (typeof value === "string") {
    const control = controlCharacter(value);
    if (control !== undefined) return [`${where}: ${control}`];
  }
  const engine = source === undefined ? undefined : engineReading(source);
  const here = typeof value === "string" ? JSON.stringify(value) : String(value);
  if (engine === undefined || engine === here) return [];
  return [
    `${where}: ${source ?? ""} is ${here} in YAML 1.2 and ${engine} for Pulumi; write the number in full, or quote it`,
  ];
}

/** Path without the file's own `config`, as commands take it. */
function nameOf([first, key, ...rest]: Steps): string {
  if (first === undefined) return "the document";
  return first === "config" && key !== undefined ? propertyPath(String(key), rest) : String(first);
}
