/** `orrery promote`. */
import { writeFileSync } from "node:fs";
import { defineCommand } from "../../cli/command.ts";
import { isGroup, stacksLike } from "../../cli/group.ts";
import { UsageError } from "../../cli/usage.ts";
import { readStackFile, stackNames, stackPath } from "../../config/stackFile.ts";
import { stubSdk } from "../../config/stubSdk.ts";
import { schemas } from "../../components/registry.ts";
import { assertSettled } from "../lib/decision/open.ts";
import { imagesOfStack } from "../lib/images/ofStack.ts";
import { dryRunOption, jsonOption } from "../lib/options.ts";
import { confirm } from "../lib/prompt.ts";
import { plan, pullRequest, settingText, shortImage, type Side } from "../lib/promote/plan.ts";
import { changeAll } from "../lib/stack.ts";

async function sideOf(name: string): Promise<Side> {
  const file = stackPath(name);
  const { entries } = readStackFile(file);
  const settings = new Map(
    Object.values(schemas).flatMap(({ namespace }) => {
      const text = entries.get(`${namespace}:settings`)?.value;
      return text === undefined ? [] : [[namespace, JSON.parse(text) as unknown] as const];
    }),
  );
  return { name, settings, images: await imagesOfStack({ name, file }) };
}

/**
 * The stacks of `--from` and `--to`: two names, or two patterns with one * each, which stands for the same text in both.
 * @throws UsageError if they do not fit, or a stack has no counterpart
 */
function pairsOf(from: string, to: string): readonly (readonly [string, string])[] {
  if (from === to) throw new UsageError("--from and --to name the same stack");
  if (!isGroup(from) && !isGroup(to)) return [[from, to]];
  const halves = [from, to].map((one) => one.split("*"));
  const [[begin = "", end = ""] = [], [toBegin = "", toEnd = ""] = []] = halves;
  if (halves.some(({ length }) => length !== 2)) throw new UsageError("--from and --to need one * each");
  const pairs = stacksLike(from).map(
    (one) => [one, `${toBegin}${one.slice(begin.length, one.length - end.length)}${toEnd}`] as const,
  );
  const known = stackNames();
  const lost = pairs.filter(([, target]) => !known.includes(target)).map(([one, target]) => `${one} (no ${target})`);
  if (lost.length > 0) throw new UsageError(`these have no counterpart: ${lost.join(", ")}`);
  return pairs;
}

export const command = defineCommand({
  about: `Gives one stack the images and versions that another one names, in its file: nothing is deployed. Shows each setting first and asks.
Settings that only one of the stacks has stay, and so do versions that need a command of their own, such as the database's; both are listed.
Two patterns promote stacks in pairs: --from 'stage-*' --to 'prod-*'.
Run npx orrery images --update --stack FROM before, so that what moves is named by digest.`,
  options: {
    from: { type: "string", value: "S", required: true, help: "the stack whose images were tried, e.g. stage" },
    to: { type: "string", value: "S", required: true, help: "the stack that gets them, e.g. prod" },
    "pull-request": {
      type: "string",
      value: "FILE",
      help: "write title and text of a pull request there, as Markdown",
    },
    yes: { type: "boolean", help: "do not ask" },
    ...dryRunOption,
    ...jsonOption,
  },
  async run({ from, to, pullRequest: textFile, ...values }) {
    const pairs = pairsOf(from, to);
    if (pairs.length > 1 && (textFile !== undefined || values.json))
      throw new UsageError("--pull-request and --json are for one pair of stacks");
    let code = 0;
    for (const [source, target] of pairs) {
      if (pairs.length > 1) console.log(`== ${source} to ${target}`);
      code = Math.max(code, await promote(source, target, { ...values, textFile }));
    }
    return code;
  },
});

interface Choices {
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly textFile: string | undefined;
}

async function promote(source: string, target: string, { yes, dryRun, json, textFile }: Choices): Promise<number> {
  const stack = { name: target, file: stackPath(target) };
  await assertSettled(stack.file, { command: "promote", changes: true, dryRun });
  stubSdk();
  const [from, to] = [await sideOf(source), await sideOf(target)];
  const { steps, left } = plan(from, to);
  const say = json ? console.error : console.log;
  if (json)
    console.log(
      JSON.stringify({ steps: steps.map((one) => ({ setting: settingText(one), ...one })), left }, undefined, 2),
    );
  for (const one of steps)
    say(
      `${settingText(one)}: ${one.before === undefined ? "the program's" : shortImage(one.before)} -> ${shortImage(one.value)}`,
    );
  for (const { setting, why } of left) say(`${setting} stays: ${why}`);
  const byTag = steps.filter(({ at, value }) => at.at(-1) !== "version" && !value.includes("sha256:")).length;
  if (byTag > 0) say(`${byTag} by tag only, which may move: npx orrery images --update --stack ${source}`);
  if (steps.length === 0) {
    say(left.length === 0 ? `${target} names what ${source} names; nothing to promote` : "nothing else to promote");
    return 0;
  }
  if (dryRun) return 0;
  if (!(await confirm(`write ${steps.length} settings into Pulumi.${target}.yaml?`, yes))) {
    console.error("nothing was changed");
    return 1;
  }
  // The text first: if there is no room for it, the stack's file stays as it is.
  if (textFile !== undefined) writeFileSync(textFile, pullRequest(source, target, steps, left));
  changeAll(stack, steps, false);
  say(`written; next: npx orrery review HEAD, then commit, and npx pulumi preview --stack ${target}`);
  return 0;
}
