/** A piece of PHP that is written as it is. */
export class PhpExpression {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value as PHP; lists have no keys, records and `[key, value]` maps have theirs. */
export function phpLiteral(value: unknown, indent = ""): string {
  if (value instanceof PhpExpression) return value.text;
  if (typeof value === "string") return `'${value.replaceAll(/['\\]/g, "\\$&")}'`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}    `;
  const items = Array.isArray(value)
    ? value.map((item) => phpLiteral(item, inner))
    : pairs(value).map(([key, item]) => `${phpLiteral(key)} => ${phpLiteral(item, inner)}`);
  return items.length === 0 ? "[]" : `[\n${items.map((item) => `${inner}${item},\n`).join("")}${indent}]`;
}

/** A file that sets one variable to a value. */
export function phpFile(variable: string, value: unknown): string {
  return `<?php\n$${variable} = ${phpLiteral(value)};\n`;
}

/** In a map a key may be a number, which orders SimpleSAMLphp's filters. */
function pairs(value: object): [unknown, unknown][] {
  return value instanceof Map ? [...value.entries()] : Object.entries(value);
}
