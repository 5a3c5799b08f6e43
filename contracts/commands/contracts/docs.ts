/** `orrery contracts docs`. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { defineCommand } from "../../../cli/command.ts";
import { format } from "prettier";
import { projectDir } from "../../../config/stackFile.ts";
import { imagesOf, loadContracts } from "../../check/load.ts";

const file = path.join(projectDir, "docs", "contracts.md");
const [begin, end] = ["<!-- images: npx orrery contracts docs -->", "<!-- /images -->"];

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

export const command = defineCommand({
  about: "Writes the table of docs/contracts.md from the contract files.",
  options: { check: { type: "boolean", help: "write nothing, fail if the table is not current" } },
  async run({ check }) {
    const text = readFileSync(file, "utf8");
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/contracts.md lacks ${begin} and ${end}`);
    const made = await format(`${text.slice(0, from)}${begin}\n\n${table()}\n\n${text.slice(to)}`, {
      parser: "markdown",
      printWidth: 120,
    });
    if (made === text) return 0;
    if (check) throw new Error("the table in docs/contracts.md is not current; run: npx orrery contracts docs");
    writeFileSync(file, made);
    return 0;
  },
});
