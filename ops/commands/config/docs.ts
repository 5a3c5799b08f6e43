/** `orrery config docs`. */
import { defineCommand } from "../../../cli/command.ts";

export const command = defineCommand({
  about: "Writes docs/reference/ and config/schema.json from the schemas.",
  options: { check: { type: "boolean", help: "write nothing, fail if they are out of date" } },
  async run({ check }) {
    // Loaded here because only this command needs the formatter.
    const { writeDocs } = await import("../../lib/configDocs.ts");
    await writeDocs(check);
    return 0;
  },
});
