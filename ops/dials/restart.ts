/** Restarts Deployments as they are. */
import { dialsSchema } from "../../components/dials/config.ts";
import { type Command, duration } from "../command.ts";
import { Kubectl, kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { openStack, stackHelp, stackOptions } from "../lib/stack.ts";
import { select, targetHelp, targets } from "./targets.ts";

/** Replaces the pods of a Deployment and waits until the new ones are ready. @throws if they are not in time */
export async function rollOut(kubectl: Kubectl, name: string, seconds: number): Promise<void> {
  await kubectl.output(["rollout", "restart", `deployment/${name}`]);
  await kubectl.output(["rollout", "status", `deployment/${name}`, `--timeout=${seconds}s`]);
}

export const command: Command = {
  help: `Usage: npm run ops -- dials restart DEPLOYMENT... --stack S [--timeout 10m] [--without-drain] [--dry-run]

Replaces the pods, one Deployment after the other, and waits until the new ones are ready.
${targetHelp}
Whatever takes tasks is refused: "rollout" drains it first.

${stackHelp}
${kubectlHelp}
  --timeout D        how long one Deployment may take (default 10m)
  --without-drain    restart workers as well; a task that outlasts their grace period is lost
  --dry-run          change nothing, say what would be restarted`,
  options: {
    ...stackOptions,
    ...kubectlOptions,
    timeout: { type: "string" },
    "without-drain": { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  async run({ values, words }) {
    const { settings } = openStack(dialsSchema, values);
    const chosen = select(targets(settings), words);
    const seconds = duration(values, "timeout", "10m");
    const busy = chosen.filter(({ takesTasks }) => takesTasks).map(({ name }) => name);
    if (busy.length > 0 && values["without-drain"] !== true) {
      throw new Error(
        `${busy.join(", ")} may have tasks at hand; use: npm run ops -- dials rollout ${busy.join(" ")} (or --without-drain)`,
      );
    }
    const kubectl = new Kubectl(settings.namespace.name, values);
    for (const { name } of chosen) {
      if (values["dry-run"] === true) {
        console.log(`would restart ${name}`);
        continue;
      }
      await rollOut(kubectl, name, seconds);
      console.log(`restarted ${name}`);
    }
    return 0;
  },
};
