/** `orrery config check`. */
import { defineCommand } from "../../../cli/command.ts";
import { jsonOption } from "../../lib/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { schemas } from "../../../components/registry.ts";
import { deployProblems } from "../../../config/deployable.ts";
import { parseConfig } from "../../../config/parse.ts";
import { printable, report } from "../../../config/problems.ts";
import { describeSchedule, schedulesOf } from "../../../config/schedules.ts";
import { readStackFile, sampleConfig, stackNames, stackPath, UnreadableStackFile } from "../../../config/stackFile.ts";

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

/** One problem of a stack, for scripts. */
interface Found {
  readonly stack: string;
  /** Missing where the file itself cannot be read. */
  readonly key?: string;
  readonly message: string;
  /** What to do. */
  readonly fix?: string;
}

/** What {@link checkSettings} reports, and what `--for-deploy` does. */
function foundIn(stack: string, forDeploy: boolean): readonly Found[] {
  const file = stackPath(stack);
  try {
    const content = readStackFile(file);
    const problems = forDeploy
      ? (deployProblems(stack, content, all)?.problems ?? [])
      : parseConfig(sampleConfig(content, all), all).problems;
    return problems.map(({ path, text, fix }) => ({
      ...{ stack, key: path, message: text },
      fix: fix.replaceAll("{stack}", stack),
    }));
  } catch (error) {
    if (!(error instanceof UnreadableStackFile)) throw error;
    return error.problems.map((message) => ({ stack, message }));
  }
}

export const command = defineCommand({
  about: `Checks the settings of a stack file, or of all, and prints the next runs of their schedules. Needs no passphrase unless --for-deploy is given.

--json prints the problems instead, [] without any: {"stack", "key", "message", "fix"}; key and fix are missing where the file itself cannot
be read. The exit code is the same.`,
  options: {
    stack: { type: "string", short: "s", value: "S", help: "only this stack" },
    "for-deploy": {
      type: "boolean",
      help: "check its secrets, too, and whether they are samples that up would refuse; needs --stack and the passphrase",
    },
    ...jsonOption,
  },
  run({ stack, forDeploy, json }) {
    if (forDeploy && stack === undefined) throw new UsageError("--stack S is missing: --for-deploy checks one stack");
    const names = stack === undefined ? stackNames() : [stack];
    if (json) {
      const found = names.flatMap((name) => foundIn(name, forDeploy));
      console.log(printable(JSON.stringify(found, undefined, 2)));
      return found.length === 0 ? 0 : 1;
    }
    if (forDeploy && stack !== undefined) {
      const problems = deployProblems(stack, readStackFile(stackPath(stack)), all);
      if (problems !== undefined) throw new Error(problems.text);
      console.log(`${stack}: nothing prevents a deployment`);
      return 0;
    }
    checkSettings(names);
    return 0;
  },
});
