/** `orrery lab images docs`. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { defineCommand } from "../../../../cli/command.ts";
import { projectDir } from "../../../../config/stackFile.ts";
import { imageTable } from "../../../images/table.ts";

const file = path.join(projectDir, "docs", "lab.md");
const [begin, end] = ["<!-- images: npx orrery lab images docs -->", "<!-- /images -->"];

export const command = defineCommand({
  about: "Writes the table of images in docs/lab.md.",
  options: { check: { type: "boolean", help: "write nothing, fail if the table is not current" } },
  async run({ check }) {
    const text = readFileSync(file, "utf8");
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/lab.md lacks ${begin} and ${end}`);
    const made = await format(`${text.slice(0, from)}${begin}\n\n${imageTable()}\n\n${text.slice(to)}`, {
      parser: "markdown",
      printWidth: 120,
    });
    if (made === text) return 0;
    if (check) throw new Error("the table of images in docs/lab.md is not current; run: npx orrery lab images docs");
    writeFileSync(file, made);
    return 0;
  },
});
