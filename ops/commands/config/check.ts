/** `orrery config check`. */
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { schemas } from "../../../components/registry.ts";
import { deployProblems } from "../../../config/deployable.ts";
import { parseConfig } from "../../../config/parse.ts";
import { report } from "../../../config/problems.ts";
import { describeSchedule, schedulesOf } from "../../../config/schedules.ts";
import { readStackFile, sampleConfig, stackNames, stackPath } from "../../../config/stackFile.ts";

const all = Object.values(schemas);

/** Checks settings, without a passphrase; without problems it prints the next runs of their schedules. @throws with all problems */
function checkSettings(names: readonly string[]): void {
  const stacks = names.map((name) => {
    return { name, ...parseConfig(sampleConfig(readStackFile(stackPath(name)), all), all) };
  });
  const broken = stacks.filter(({ problems }) => problems.length > 0);
  if (broken.length > 0) throw new Error(broken.map(({ name, problems }) => report(name, problems)).join("\n"));
  console.log(`${names.join(", ")}: no problems`);
  for (const { name, systems } of stacks) {
    const schedules = all.flatMap((schema) => schedulesOf(schema, systems.get(schema.namespace)?.settings ?? {}));
    for (const one of schedules) console.log(`  ${name} ${one.path}: ${describeSchedule(one, new Date())}`);
  }
}

export const command = defineCommand({
  about:
    "Checks the settings of a stack file, or of all, and prints the next runs of their schedules. Needs no passphrase unless --for-deploy is given.",
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
    checkSettings(stack === undefined ? stackNames() : [stack]);
    return 0;
  },
});
