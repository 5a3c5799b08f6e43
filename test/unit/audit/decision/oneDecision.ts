/** One decision with all that a decision can do: it lifts a protection, changes the file and deploys. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { projectDir } from "../../../../config/stackFile.ts";
import { decide } from "../../../../ops/lib/decision/decide.ts";
import { protectedUrns, resources } from "../../../../ops/lib/resources.ts";

const file = path.join(projectDir, "Pulumi.stage.yaml");
const urns = protectedUrns(await resources("stage"));
const before = readFileSync(file, "utf8");

process.exitCode = await decide({ name: "stage", file }, { command: "one decision" }, async (decision) => {
  await decision.lift(urns);
  decision.change({ before, text: `${before}# changed\n` });
  return decision.run("up", true);
});
