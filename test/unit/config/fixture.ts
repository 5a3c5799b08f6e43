/** What is said about a config. */
import type { AnySystem } from "../../../config/define.ts";
import { parseConfig } from "../../../config/parse.ts";

const plain = (value: unknown) => ({ value: JSON.stringify(value), secret: false });

/** What is said about settings, as `path: text`, and the ways to mend it. */
export function problems(systems: readonly AnySystem[], config: Readonly<Record<string, unknown>>) {
  const raw = new Map(Object.entries(config).map(([key, value]) => [key, plain(value)]));
  const all = parseConfig(raw, systems).problems.filter(({ text }) => !text.startsWith("the secret is missing"));
  return { said: all.map(({ path, text }) => `${path}: ${text}`), fixes: all.map(({ fix }) => fix) };
}
