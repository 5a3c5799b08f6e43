/** A text file for Prometheus' node_exporter (--collector.textfile.directory). */
import { renameSync, writeFileSync } from "node:fs";
import { states, type Report } from "../../ops/lib/status/row.ts";

const labels = (all: Readonly<Record<string, string>>): string =>
  Object.entries(all)
    .map(
      ([name, value]) => `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`,
    )
    .join(",");

const metric = (name: string, help: string, lines: readonly string[]): readonly string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} gauge`,
  ...lines,
];

/** Metrics of the reports in Prometheus' text format. */
export function metricsText(reports: readonly Report[]): string {
  const rows = reports.flatMap(({ stack, rows: all, systems }) =>
    [...new Set([...systems, ...all.map(({ system }) => system)])].flatMap((system) =>
      states.map((state) => {
        const count = all.filter((row) => row.system === system && row.state === state).length;
        return `orrery_rows{${labels({ stack, system, state })}} ${count}`;
      }),
    ),
  );
  const wrong = reports.flatMap(({ stack, rows: all }) => {
    const found = all.filter(({ state }) => state === "bad" || state === "warn");
    const lines = found.map(
      ({ system, part, source, state }) => `orrery_problem{${labels({ stack, system, part, source, state })}} 1`,
    );
    return [...new Set(lines)];
  });
  const silent = reports.flatMap(({ stack, sources }) =>
    sources.map(
      ({ name, target, problem }) =>
        `orrery_source_up{${labels({ stack, source: name, target })}} ${problem === undefined ? 1 : 0}`,
    ),
  );
  const seen = reports.map(
    ({ stack, at }) => `orrery_last_look_timestamp_seconds{${labels({ stack })}} ${Math.floor(Date.parse(at) / 1000)}`,
  );
  return [
    ...metric("orrery_rows", "Rows of status by system and state.", rows),
    ...metric("orrery_problem", "1 for each part that is bad or has a warning.", wrong),
    ...metric("orrery_source_up", "Whether a source answered.", [...new Set(silent)]),
    ...metric("orrery_last_look_timestamp_seconds", "When the stack was looked at.", seen),
    "",
  ].join("\n");
}

/** Metrics of a look for drift. @param drifted - number of resources by stack; a stack whose preview failed is missing */
export function driftMetricsText(drifted: ReadonlyMap<string, number>, now: Date): string {
  const stacks = [...drifted];
  const seen = "orrery_drift_last_look_timestamp_seconds";
  return [
    ...metric(
      "orrery_drift_resources",
      "Resources that an up would change.",
      stacks.map(([stack, count]) => `orrery_drift_resources{${labels({ stack })}} ${count}`),
    ),
    ...metric(
      seen,
      "When the stack was compared with what runs.",
      stacks.map(([stack]) => `${seen}{${labels({ stack })}} ${Math.floor(now.getTime() / 1000)}`),
    ),
    "",
  ].join("\n");
}

/** Writes them at once: node_exporter must not read half a file. */
export function writeMetrics(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
