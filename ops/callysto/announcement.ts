/** Sets the announcement of a hub: a setting, so that the next deployment does not undo it. */
import { callystoSchema } from "../../components/callysto/config.ts";
import { type Command, UsageError } from "../command.ts";
import { changeSettings, pulumiUp } from "../stack.ts";
import { environmentHelp, environmentOptions, openEnvironment } from "./environment.ts";

export const command: Command = {
  help: `Usage: npm run ops -- callysto announcement TEXT --stack S [--dry-run] [--no-up] [--yes]
       npm run ops -- callysto announcement --clear --stack S ...

Shows a text on the hub's pages, on the list of files and in every notebook, and deploys; --clear takes it away. The text
is shown as it is, markup too. JupyterHub restarts, users' servers go on.

${environmentHelp}
  --clear            show nothing
  --no-up            only change the stack's file
  --yes              do not ask before deploying
  --dry-run          change nothing, say what would change`,
  options: {
    ...environmentOptions,
    clear: { type: "boolean" },
    "no-up": { type: "boolean" },
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  run({ values, words }) {
    const text = values.clear === true ? "" : words.join(" ");
    if (values.clear === true && words.length > 0) throw new UsageError("either a text or --clear");
    if (values.clear !== true && text === "") throw new UsageError("what is announced? give a text, or --clear");
    const { stack, name, settings } = openEnvironment(values, "hub");
    if (settings.kind !== "hub" || settings.guest === undefined) {
      throw new Error(`environment ${name} has no guest settings, so nobody would show it`);
    }
    if (settings.guest.jupyterhub.announcement === text) {
      console.log(`${name} announces ${text === "" ? "nothing" : "that"} already`);
      return Promise.resolve(0);
    }
    const dryRun = values["dry-run"] === true;
    const at = ["environments", name, "guest", "jupyterhub", "announcement"];
    changeSettings(callystoSchema, stack, [{ at, value: text }], dryRun);
    console.log(`${dryRun ? "would set" : "set"} callysto:settings.${at.join(".")} to ${JSON.stringify(text)}`);
    if (dryRun) return Promise.resolve(0);
    if (values["no-up"] === true) {
      console.log(`next: npx pulumi up --stack ${stack.name}`);
      return Promise.resolve(0);
    }
    return pulumiUp(stack, values.yes === true);
  },
};
