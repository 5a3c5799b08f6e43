/** The report as text for a terminal: a line a system, and under it what is not as it should be. */
import { stripVTControlCharacters, styleText } from "node:util";
import { type Report, type Row, shared, span, type State, states, worst } from "../row.ts";

/** How the text is made. */
export interface TerminalOptions {
  /** Also what is as it should be. */
  readonly all: boolean;
  readonly colour: boolean;
}

const words: Readonly<Record<State, string>> = { ok: "ok", unknown: "unknown", warn: "WARNING", bad: "BAD" };
const colours = { ok: "green", unknown: "blue", warn: "yellow", bad: "red" } as const;

/** Lines of a report. */
export function terminalText({ stack, at, seconds, systems, rows, sources }: Report, options: TerminalOptions): string {
  const paint = (state: State, text: string): string =>
    options.colour ? styleText(colours[state], text, { validateStream: false }) : text;
  const silent = sources.filter(({ problem }) => problem !== undefined).length;
  const heard =
    silent === 0 ? `${sources.length} sources answered` : `${silent} of ${sources.length} sources did not answer`;
  const groups = [...systems, shared].map((system) => [system, rows.filter((row) => row.system === system)] as const);
  const width = Math.max(...groups.map(([name]) => name.length));
  const lines = groups
    .filter(([, own]) => own.length > 0)
    .flatMap(([name, own]) => {
      const state = worst(own.map((row) => row.state));
      const shown = own.filter((row) => options.all || row.state !== "ok").toSorted(byState);
      return [
        `${name.padEnd(width)}  ${paint(state, words[state].padEnd(7))}  ${countText(own)}`,
        ...shown.map((row) => `  ${paint(row.state, words[row.state].padEnd(7))}  ${line(row, new Date(at))}`),
      ];
    });
  return [`${stack} at ${at.slice(0, 19)}Z: ${heard}, in ${seconds.toFixed(1)} s`, ...lines].join("\n");
}

/** How many parts are in which state. */
function countText(rows: readonly Row[]): string {
  const parts = new Set(rows.map(({ part }) => part)).size;
  const counts = states.toReversed().flatMap((state) => {
    const count = rows.filter((row) => row.state === state).length;
    return state === "ok" || count === 0 ? [] : [`${count} ${words[state].toLowerCase()}`];
  });
  return [`${parts} part${parts === 1 ? "" : "s"}`, ...counts].join(", ");
}

const byState = (a: Row, b: Row): number => states.indexOf(b.state) - states.indexOf(a.state);

function line({ part, text, since }: Row, now: Date): string {
  const ago = since === undefined ? "" : `, for ${span(now.getTime() - Date.parse(since))}`;
  // A cloud's own words must not move the cursor.
  return stripVTControlCharacters(`${part}: ${text}${ago}`);
}
