/** What the lab runs for each image of a workload, as rows and as a table. */
import { answers } from "./catalogue.ts";

/** One image. */
interface ImageRow {
  /** Last part of the image's name. */
  readonly image: string;
  readonly system: string;
  readonly real: boolean;
  /** The program with its version, or `stand-in`. */
  readonly runs: string;
  /** File of its contract. */
  readonly contract: string;
}

/** All images, sorted by system and name. */
export function imageRows(): readonly ImageRow[] {
  return answers()
    .flatMap(({ names, contract: { file, system }, recipe }) =>
      (names.images ?? []).map((image) => {
        return { image, system, real: recipe !== undefined, runs: recipe?.program ?? "stand-in", contract: file };
      }),
    )
    .sort((a, b) => `${a.system} ${a.image}`.localeCompare(`${b.system} ${b.image}`));
}

/** The rows as a Markdown table. */
export function imageTable(): string {
  const rows = imageRows().map(
    ({ image, system, runs, contract }) =>
      `| ${system} | \`${image}\` | ${runs} | [${contract}](../contracts/${contract}) |`,
  );
  return ["| system | image | the lab runs | contract |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
