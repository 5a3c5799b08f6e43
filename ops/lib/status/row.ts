/** What status says: one row a part of a system. */

/** Best first. `unknown`: it was asked and there is no answer. */
export const states = ["ok", "unknown", "warn", "bad"] as const;
export type State = (typeof states)[number];

/** One thing that was looked at. */
export interface Row {
  /** Name of the collector that found it. */
  readonly source: string;
  /** A system of the stack; `stack` for what all of them share. */
  readonly system: string;
  /** What it is about: `packit-prod/packit-worker-0`, `hub.callysto.ca`, `cluster online`. */
  readonly part: string;
  readonly state: State;
  /** In words, without values of secrets. */
  readonly text: string;
  /** Since when it is so, ISO 8601, where the source tells. */
  readonly since?: string;
}

/** A row before its collector's name is known. */
export type Found = Omit<Row, "source">;

/** The system of what all systems of a stack share. */
export const shared = "stack";

/** One question to one place, and how it ended. */
export interface Source {
  readonly name: string;
  /** What was asked: `cluster online`, `cloud rac`, `hub hub-prod`. */
  readonly target: string;
  readonly seconds: number;
  /** Why there is no answer. @default it answered */
  readonly problem?: string;
  /** It is no cloud of the stack: that it does not answer is no problem of the stack. @default false */
  readonly outside?: true;
}

/** Everything about a stack at one time. */
export interface Report {
  readonly stack: string;
  /** When it was asked, ISO 8601. */
  readonly at: string;
  readonly seconds: number;
  readonly systems: readonly string[];
  readonly rows: readonly Row[];
  readonly sources: readonly Source[];
}

/** The worst among states; ok if there is none. */
export function worst(all: Iterable<State>): State {
  return states[Math.max(0, ...[...all].map((one) => states.indexOf(one)))] ?? "ok";
}

/** Whether nothing is bad and everything of the stack that was asked answered. */
export function isWell({ rows, sources }: Pick<Report, "rows" | "sources">): boolean {
  return (
    rows.every(({ state }) => state !== "bad") &&
    sources.every(({ problem, outside }) => problem === undefined || outside === true)
  );
}

/** What an error says, in one line; its cause counts only where it says nothing itself, as fetch's does. */
export function messageOf(error: unknown): string {
  const silent = error instanceof Error && ["", "fetch failed"].includes(error.message);
  if (silent && error.cause instanceof Error) return messageOf(error.cause);
  const said = error instanceof Error ? error.message : error;
  return (
    String(said === "" && error instanceof AggregateError ? messageOf(error.errors[0]) : said)
      .trim()
      .split("\n")[0] ?? ""
  );
}

/** A time span in its two greatest units at most: `3 days`, `12 min`, `40 s`. */
export function span(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
