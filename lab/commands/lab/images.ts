/** `orrery lab images`. */
import { defineCommand } from "../../../cli/command.ts";
import { imageRows, writeImageTable } from "../../images/table.ts";

export const command = defineCommand({
  about: `Lists the images of workloads, and what the lab's real nodes run for each. That is a real program, or a stand-in that only checks
what the real one reads. Asks nobody.`,
  options: {
    json: { type: "boolean", help: "print JSON" },
    docs: { type: "boolean", help: "write the table of docs/lab.md instead" },
    check: { type: "boolean", help: "with --docs: write nothing, fail if the table is not current" },
  },
  async run({ json, docs, check }) {
    if (docs) {
      await writeImageTable(check);
      return 0;
    }
    const rows = imageRows();
    const width = Math.max(...rows.map(({ image }) => image.length));
    const lines = rows.map(({ image, runs }) => `${image.padEnd(width)}  ${runs}`);
    console.log(json ? JSON.stringify(rows, undefined, 2) : lines.join("\n"));
    return 0;
  },
});
