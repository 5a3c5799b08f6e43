/** What is worth a message: rows of status and findings of doctor that are not in order. */
import type { Report } from "../../ops/lib/status/row.ts";
import type { Finding } from "../../ops/lib/doctor/finding.ts";

/** One problem. It begins when its key is new, and ends when the key is gone. */
export interface Problem {
  /** The same from night to night, whatever its numbers are. */
  readonly key: string;
  readonly stack: string;
  readonly level: "bad" | "warn";
  /** `packit, packit-prod/packit-worker`. */
  readonly title: string;
  readonly text: string;
}

/** Problems of a status: one a part and source, with all that is said about it. A source without an answer is one, too, unless it is outside. */
export function problemsOfStatus({ stack, rows, sources }: Report): readonly Problem[] {
  const wrong = rows.filter(({ state }) => state === "bad" || state === "warn");
  const groups = Map.groupBy(wrong, ({ system, part, source }) => ["status", stack, system, part, source].join("|"));
  const silent = sources.flatMap(({ name, target, problem, outside }) =>
    problem === undefined || outside === true ? [] : [{ name, target, problem }],
  );
  const places = Map.groupBy(silent, ({ target }) => ["status", stack, "no answer", target].join("|"));
  return [
    ...[...groups].map(([key, all]): Problem => {
      const level = all.some(({ state }) => state === "bad") ? "bad" : "warn";
      return { key, stack, level, title: `${all[0]?.system ?? ""}, ${all[0]?.part ?? ""}`, text: joined(all) };
    }),
    ...[...places].map(([key, all]): Problem => {
      const names = all.map(({ name }) => name).join(", ");
      const text = `does not say (${names}): ${[...new Set(all.map(({ problem }) => problem))].join("; ")}`;
      return { key, stack, level: "bad", title: all[0]?.target ?? "", text };
    }),
  ];
}

/** Whether a problem of this key would be found if it were there: its stack was asked, and its source answered everywhere. */
export function wasAsked(key: string, reports: readonly Report[], doctored: readonly string[]): boolean {
  const [command, stack = "", ...rest] = key.split("|");
  if (command === "doctor") return doctored.includes(stack);
  const sources = reports.find((one) => one.stack === stack)?.sources;
  return sources !== undefined && !sources.some(({ name, problem }) => name === rest.at(-1) && problem !== undefined);
}

const joined = (all: readonly { readonly text: string }[]): string =>
  [...new Set(all.map(({ text }) => text))].join("; ");

/** Problems of doctor. Its texts have dates and counts in them, its keys do not. */
export function problemsOfDoctor(stack: string, findings: readonly Finding[]): readonly Problem[] {
  const wrong = findings.filter(({ level }) => level !== "ok");
  const groups = Map.groupBy(wrong, ({ about, text }) =>
    ["doctor", stack, about, text.replaceAll(/\d+/g, "0")].join("|"),
  );
  return [...groups].map(([key, all]): Problem => {
    const level = all.some((one) => one.level === "problem") ? "bad" : "warn";
    const texts = all.map(({ text, fix }) => ({ text: fix === undefined ? text : `${text} (to do: ${fix})` }));
    return { key, stack, level, title: `doctor, ${all[0]?.about ?? ""}`, text: joined(texts) };
  });
}
