/** `orrery promote`. */
import { writeFileSync } from "node:fs";
import { defineCommand } from "../../cli/command.ts";
import { stackPath } from "../../config/stackFile.ts";
import { stubSdk } from "../../config/stubSdk.ts";
import { decideTogether } from "../lib/decision/decide.ts";
import { assertSettled } from "../lib/decision/open.ts";
import { dryRunOption, jsonOption } from "../lib/options.ts";
import { confirm } from "../lib/prompt.ts";
import { pairsOf, promotion, type Promotion } from "../lib/promote/pairs.ts";
import { lines, pullRequest, shown } from "../lib/promote/report.ts";

export const command = defineCommand({
  about: `Gives one stack the images and versions that another one names, in its file: nothing is deployed. Shows each setting first and asks.
Settings that only one of the stacks has stay, and so do versions that need a command of their own, such as the database's; both are listed.
Two patterns promote stacks in pairs: --from 'stage-*' --to 'prod-*'; where one cannot be written, none is. If it is interrupted, the files
become what they were: at once, or by the next command of their stacks after kill -9; a pair that had ended just then stays promoted.
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
  async run({ from, to, pullRequest: textFile, yes, dryRun, json }) {
    const pairs = pairsOf(from, to);
    for (const stack of pairs.flat())
      await assertSettled(stackPath(stack), { command: "promote", changes: !dryRun, dryRun });
    stubSdk();
    const all: Promotion[] = [];
    for (const [source, target] of pairs) all.push(await promotion(source, target));
    const say = json ? console.error : console.log;
    if (json) console.log(JSON.stringify(asJson(all), undefined, 2));
    for (const one of all) {
      if (all.length > 1) say(`== ${one.from} to ${one.to.name}`);
      for (const line of lines(one)) say(line);
    }
    const moving = all.filter(({ steps }) => steps.length > 0);
    if (moving.length === 0 || dryRun) return 0;
    const count = moving.reduce((sum, { steps }) => sum + steps.length, 0);
    const names = moving.map((one) => one.to.name);
    const files = names.map((name) => `Pulumi.${name}.yaml`).join(", ");
    if (!(await confirm(`write ${count} settings into ${files}?`, yes))) {
      console.error("nothing was changed");
      return 1;
    }
    const text = textFile === undefined ? undefined : { file: textFile, text: pullRequest(from, to, moving) };
    const code = await write(moving, text);
    const first = `${names[0] ?? to}${names.length > 1 ? ", and so on for each" : ""}`;
    if (code === 0) say(`written; next: npx orrery review HEAD, then commit, and npx pulumi preview --stack ${first}`);
    return code;
  },
});

/** One pair as an object, several as a list with their names. */
function asJson(all: readonly Promotion[]): object {
  const [only] = all;
  if (all.length === 1 && only !== undefined) return shown(only);
  return all.map((one) => ({ from: one.from, to: one.to.name, ...shown(one) }));
}

/** Writes all files and the text, or none. */
function write(all: readonly Promotion[], text: { file: string; text: string } | undefined): Promise<number> {
  const stacks = all.map(({ to }) => to);
  return decideTogether(stacks, { command: "promote" }, (decisions) => {
    all.forEach(({ change }, at) => decisions[at]?.change(change));
    if (text !== undefined) writeFileSync(text.file, text.text);
    return Promise.resolve(0);
  });
}
