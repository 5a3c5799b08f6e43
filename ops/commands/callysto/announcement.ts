/** Sets the announcement of a hub: a setting, so that the next deployment does not undo it. */
import { callystoSchema } from "../../../components/callysto/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { dryRunOption, noUpOption, yesOption } from "../../lib/options.ts";
import { changeAndDeploy } from "../../lib/decision/deploy.ts";
import { changedSettings, changeSettings } from "../../lib/stack.ts";
import { environmentOptions, openEnvironment } from "../../lib/callysto/environment.ts";

export const command = defineCommand({
  usage: "[TEXT...]",
  about: `Shows a text on a hub's pages, on the list of files and in every notebook, and deploys. --clear removes it. The text
is shown as it is, including markup. JupyterHub restarts; users' servers keep running.`,
  options: {
    ...environmentOptions,
    clear: { type: "boolean", help: "show nothing" },
    ...noUpOption,
    ...yesOption,
    ...dryRunOption,
  },
  run(values, words) {
    const text = values.clear ? "" : words.join(" ");
    if (values.clear && words.length > 0) throw new UsageError("either a text or --clear");
    if (!values.clear && text === "") throw new UsageError("TEXT is missing: give the announcement, or --clear");
    const { stack, name, settings } = openEnvironment(values, "hub");
    if (settings.kind !== "hub" || settings.guest === undefined) {
      throw new Error(`environment ${name} has no guest settings, so no page would show it`);
    }
    if (settings.guest.jupyterhub.announcement === text) {
      console.log(`${name} announces ${text === "" ? "nothing" : "that"} already`);
      return 0;
    }
    const { dryRun } = values;
    const at = ["environments", name, "guest", "jupyterhub", "announcement"];
    const changes = [{ at, value: text }];
    const change = changedSettings(callystoSchema, stack, changes);
    if (dryRun || values.noUp) changeSettings(callystoSchema, stack, changes, dryRun);
    console.log(`${dryRun ? "would set" : "set"} callysto:settings.${at.join(".")} to ${JSON.stringify(text)}`);
    if (dryRun) return 0;
    if (values.noUp) {
      console.log(`next: npx pulumi up --stack ${stack.name}`);
      return 0;
    }
    return changeAndDeploy(stack, { command: "callysto announcement", change, yes: values.yes });
  },
});
