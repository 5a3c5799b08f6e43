/** `node contracts/docs.ts [--check]`: the table of docs/contracts.md, made of the contract files. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { projectDir } from "../config/stackFile.ts";
import { imagesOf, loadContracts } from "./check/load.ts";

const file = path.join(projectDir, "docs", "contracts.md");
const [begin, end] = ["<!-- images: node contracts/docs.ts -->", "<!-- /images -->"];

function table(): string {
  const rows = loadContracts().map(({ file: name, contract }) => {
    const sources = contract.read.map(({ source, version, date }) => `${source}@${version}, ${date}`).join("; ");
    const tags = contract.tags.map((tag) => (tag.startsWith("sha256:") ? `${tag.slice(0, 19)}…` : tag)).join(", ");
    return `| ${imagesOf(contract)
      .map((image) => `\`${image.replaceAll("|", "\\|")}\``)
      .join(", ")} | [${name}](../contracts/${name}) | ${tags} | ${sources} |`;
  });
  return ["| image | contract | tags | read |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

async function main(): Promise<void> {
  const text = readFileSync(file, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/contracts.md lacks ${begin} and ${end}`);
  const made = await format(`${text.slice(0, from)}${begin}\n\n${table()}\n\n${text.slice(to)}`, {
    parser: "markdown",
    printWidth: 120,
  });
  if (made === text) return;
  if (process.argv.includes("--check")) throw new Error("its table is not current; run: node contracts/docs.ts");
  writeFileSync(file, made);
}

main().catch((error: unknown) => {
  console.error(`docs/contracts.md: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
