/** What was changed outside the program, as the last comparison found it. */
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { Finding } from "../../doctor/finding.ts";
import type { Collector } from "../collector.ts";
import { type Found, shared, span } from "../row.ts";

/** Next to the stack's file, and not for git. */
const memory = (file: string): string => `${file}.drift`;

const remembered = z.object({ at: z.iso.datetime(), level: z.enum(["ok", "warning", "problem"]), text: z.string() });

/** Keeps the result of a comparison for later looks. */
export function rememberDrift(file: string, { level, text }: Finding, now: Date): void {
  writeFileSync(memory(file), `${JSON.stringify({ at: now.toISOString(), level, text })}\n`);
}

/** When it was last looked for from here; undefined if it never was. */
export function lastDrift(file: string): Date | undefined {
  const known = recall(file);
  return known === undefined ? undefined : new Date(known.at);
}

function recall(file: string): z.infer<typeof remembered> | undefined {
  try {
    return remembered.safeParse(JSON.parse(readFileSync(memory(file), "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Row of the last comparison. */
export function driftRow(file: string, now: Date): Found {
  const row = { system: shared, part: "drift" };
  const data = recall(file);
  if (data === undefined) return { ...row, state: "unknown", text: "was never looked for from here; --drift does" };
  const state = data.level === "ok" ? "ok" : data.level === "warning" ? "warn" : "bad";
  return { ...row, state, text: `${data.text}; looked for ${span(now.getTime() - Date.parse(data.at))} ago` };
}

export const drift: Collector = {
  name: "drift",
  asks: "what the last comparison with the clouds found (--drift makes one)",
  questions: ({ file, now }) => [
    { target: "the last comparison", systems: [], ask: () => Promise.resolve([driftRow(file, now)]) },
  ],
};
