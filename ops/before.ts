/** Before every command that names a stack: says what an interrupted command left open, and finishes or undoes it. */
import path from "node:path";
import { existsSync } from "node:fs";
import { journalPath } from "../config/openDecision.ts";
import { projectDir } from "../config/stackFile.ts";

/** @throws if another command works on the stack, or its open decision cannot be settled */
export async function before(name: string, values: Readonly<Record<string, unknown>>): Promise<void> {
  const { stack, configFile } = values;
  for (const one of Array.isArray(stack) ? stack : [stack]) {
    const file = typeof configFile === "string" ? configFile : path.join(projectDir, `Pulumi.${String(one)}.yaml`);
    if (!existsSync(journalPath(file))) continue;
    const { assertSettled } = await import("./lib/decision/open.ts");
    await assertSettled(file, {
      command: name,
      changes: "dryRun" in values && values.dryRun !== true,
      dryRun: values.dryRun === true,
    });
  }
}
