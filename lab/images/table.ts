/** What the lab runs for each image of a workload, as rows and as the table of docs/lab.md. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { projectDir } from "../../config/stackFile.ts";
import { imageParts } from "../../contracts/check/load.ts";
import { answers, recipes } from "./catalogue.ts";
import type { Recipe } from "./recipes.ts";

const file = path.join(projectDir, "docs", "lab.md");
const [begin, end] = ["<!-- images: npx orrery lab images --docs -->", "<!-- /images -->"];

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
        const found = recipe ?? byReference(image);
        return { image, system, real: found !== undefined, runs: found?.program ?? "stand-in", contract: file };
      }),
    )
    .sort((a, b) => `${a.system} ${a.image}`.localeCompare(`${b.system} ${b.image}`));
}

/** The recipe that answers to an image's exact references, whatever the contract's other tags are. */
const byReference = (image: string): Recipe | undefined =>
  recipes.find(({ references = [] }) => references.some((one) => imageParts(one).name === image));

/** Writes the table into the document. @throws if `check` and it is not current */
export async function writeImageTable(check: boolean): Promise<void> {
  const text = readFileSync(file, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/lab.md lacks ${begin} and ${end}`);
  const made = await format(`${text.slice(0, from)}${begin}\n\n${imageTable()}\n\n${text.slice(to)}`, {
    parser: "markdown",
    printWidth: 120,
  });
  if (made === text) return;
  if (check) throw new Error("the table of images in docs/lab.md is not current; run: npx orrery lab images --docs");
  writeFileSync(file, made);
}

function imageTable(): string {
  const rows = imageRows().map(
    ({ image, system, runs, contract }) =>
      `| ${system} | \`${image}\` | ${runs} | [${contract}](../contracts/${contract}) |`,
  );
  return ["| system | image | the lab runs | contract |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
