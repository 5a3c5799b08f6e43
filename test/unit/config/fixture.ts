/** Helpers for problems of a config. */
import type { AnySystem } from "../../../config/define.ts";
import { parseConfig } from "../../../config/parse.ts";

const plain = (value: unknown) => ({ value: JSON.stringify(value), secret: false });

/** Problems of settings, as `path: text`, with their remedies. */
export function problems(systems: readonly AnySystem[], config: Readonly<Record<string, unknown>>) {
  const raw = new Map(Object.entries(config).map(([key, value]) => [key, plain(value)]));
  const all = parseConfig(raw, systems).problems.filter(({ text }) => !text.startsWith("the secret is missing"));
  return { said: all.map(({ path, text }) => `${path}: ${text}`), fixes: all.map(({ fix }) => fix) };
}
