/** `orrery config check`. */
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usageError.ts";
import { schemas } from "../../../components/registry.ts";
import { deployProblems } from "../../../config/deployable.ts";
import { parseConfig } from "../../../config/parse.ts";
import { report } from "../../../config/problems.ts";
import { readStackFile, sampleConfig, stackNames, stackPath } from "../../../config/stackFile.ts";

const all = Object.values(schemas);

/** Problems that are visible without a passphrase. */
function settingsProblems(name: string): readonly string[] {
  const { problems } = parseConfig(sampleConfig(readStackFile(stackPath(name)), all), all);
  return problems.length === 0 ? [] : [report(name, problems)];
}

export const command = defineCommand({
  about: "Checks the settings of a stack file, or of all. Needs no passphrase unless --for-deploy is given.",
  options: {
    stack: { type: "string", short: "s", value: "S", help: "only this stack" },
    "for-deploy": {
      type: "boolean",
      help: "check its secrets, too, and whether they are samples that up would refuse; needs --stack and the passphrase",
    },
  },
  run({ stack, forDeploy }) {
    if (forDeploy) {
      if (stack === undefined) throw new UsageError("--stack S is missing: --for-deploy checks one stack");
      const problems = deployProblems(stack, readStackFile(stackPath(stack)), all);
      if (problems !== undefined) throw new Error(problems);
      console.log(`${stack}: nothing prevents a deployment`);
      return 0;
    }
    const names = stack === undefined ? stackNames() : [stack];
    const reports = names.flatMap(settingsProblems);
    if (reports.length > 0) throw new Error(reports.join("\n"));
    console.log(`${names.join(", ")}: no problems`);
    return 0;
  },
});
