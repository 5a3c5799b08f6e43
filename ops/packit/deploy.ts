/** Deploys some parts of a service and leaves the others as they are. */
import { type Command, UsageError } from "../command.ts";
import { kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { pulumiRun, pulumiUp, stackHelp, stackOptions } from "../lib/stack.ts";
import { openInstance, openService, serviceHelp, serviceOptions } from "./instance.ts";
import { type Part, partsOf, urnsOf } from "./components.ts";

/** The parts that the words name. @throws UsageError on a part that there is not, or that the settings leave out */
export function chosenParts(words: readonly string[], all: readonly Part[]): readonly Part[] {
  const known = all.filter(({ on }) => on).map(({ name }) => name);
  if (words.length === 0) throw new UsageError(`which parts? there are ${known.join(", ")}`);
  return words.map((word) => {
    const found = all.find(({ name }) => name === word);
    if (found === undefined) throw new UsageError(`there is no part "${word}"; there are ${known.join(", ")}`);
    if (!found.on) throw new UsageError(`${word} is switched off in the settings; there are ${known.join(", ")}`);
    return found;
  });
}

export const command: Command = {
  help: `Usage: npm run ops -- packit deploy PART... --stack S [--yes] [--dry-run]
       npm run ops -- packit deploy --list --stack S

Deploys these parts as the settings have them, and nothing else of the stack, by pulumi up with targets. What a part stands on must
have been deployed before: the first deployment is a whole one, npx pulumi up.

${stackHelp}
${serviceHelp}
${kubectlHelp}
  --list             say which parts there are, and deploy nothing
  --dependents       deploy what depends on these parts, too: with secrets, the pods that read them
  --yes              do not ask
  --dry-run          change nothing, show what would be changed`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    list: { type: "boolean" },
    dependents: { type: "boolean" },
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  async run({ values, words }) {
    const { settings } = openService(values);
    const all = partsOf(settings);
    if (values.list === true) {
      for (const { name, on } of all) if (on) console.log(name);
      return 0;
    }
    const parts = chosenParts(words, all);
    const opened = await openInstance(values);
    const targets = parts.flatMap((part) => ["--target", urnsOf(opened.service, part)]);
    const more = [...targets, ...(values.dependents === true ? ["--target-dependents"] : [])];
    if (values["dry-run"] === true) return pulumiRun(opened, "preview", more);
    return pulumiUp(opened, values.yes === true, more);
  },
};
