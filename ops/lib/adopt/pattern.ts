/** Names that a person gives with `*` for any text. */

/** Whether a pattern is the whole of a text. */
export function fits(pattern: string, text: string): boolean {
  const literal = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join(".*")}$`, "s").test(text);
}
