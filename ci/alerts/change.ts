/** What changed between two nights, and the message about it. */
import { z } from "zod";
import type { Problem } from "./problem.ts";

const known = z.record(z.string(), z.object({ stack: z.string(), title: z.string(), since: z.iso.datetime() }));

/** Problems that a sink was notified of, by key. */
export type Known = z.infer<typeof known>;

/** What each sink was notified of. */
export type Memory = Readonly<Record<string, Known>>;

/** Reads a memory. @throws if it is none: to begin again would repeat every message */
export function parseMemory(text: string): Memory {
  return z.record(z.string(), known).parse(JSON.parse(text));
}

/** What is new to a sink. */
export interface Change {
  readonly began: readonly Problem[];
  readonly ended: readonly Known[string][];
  /** What the sink knows afterwards. */
  readonly known: Known;
}

/**
 * Compares what is wrong now with what a sink knows.
 * @param wasAsked - whether a problem would be seen if it were still there
 */
export function changeOf(
  before: Known,
  problems: readonly Problem[],
  wasAsked: (key: string) => boolean,
  now: Date,
): Change {
  const keys = new Set(problems.map(({ key }) => key));
  const ended = Object.entries(before).filter(([key]) => !keys.has(key) && wasAsked(key));
  const gone = new Set(ended.map(([key]) => key));
  const kept = Object.entries(before).filter(([key]) => !gone.has(key));
  const began = problems.filter(({ key }) => !(key in before));
  const fresh = began.map(({ key, stack, title }) => [key, { stack, title, since: now.toISOString() }] as const);
  return { began, ended: ended.map(([, one]) => one), known: Object.fromEntries([...kept, ...fresh]) };
}

/** A message of plain text. */
export interface Message {
  readonly title: string;
  readonly text: string;
}

/** Most lines of a message; a stack that is gone has hundreds of problems. */
const mostLines = 40;

/** Longest line, in characters. */
const longest = 500;

/** The message about a change; undefined if there is nothing to say. */
export function messageOf({ began, ended, known: open }: Change): Message | undefined {
  if (began.length === 0 && ended.length === 0) return undefined;
  const lines = [
    ...began
      .toSorted((a, b) => (a.level < b.level ? -1 : 1))
      .map((one) => `${one.level === "bad" ? "BAD" : "WARNING"} ${one.stack}: ${one.title}: ${one.text}`),
    ...ended.map(({ stack, title, since }) => `OVER ${stack}: ${title}, since ${since.slice(0, 16)}Z`),
  ].map((line) => (line.length > longest ? `${line.slice(0, longest)}…` : line));
  const more = lines.length > mostLines ? [`and ${lines.length - mostLines} more`] : [];
  const stacks = [...new Set([...began, ...ended].map(({ stack }) => stack))].join(", ");
  const counts = [
    ...(began.length === 0 ? [] : [`${began.length} new problem${began.length === 1 ? "" : "s"}`]),
    ...(ended.length === 0 ? [] : [`${ended.length} over`]),
  ].join(", ");
  const rest = Object.keys(open).length;
  const end = rest === 0 ? "Nothing is wrong any more." : `${rest} problem${rest === 1 ? " is" : "s are"} open.`;
  return { title: `Orrery, ${stacks}: ${counts}`, text: [...lines.slice(0, mostLines), ...more, "", end].join("\n") };
}

/** A place that messages go to. */
export interface Sink {
  readonly name: string;
  /** @throws in one line without the place's secrets if the message was not taken */
  readonly send: (message: Message) => Promise<void>;
}
