/** OpenTofu with the provider that Pulumi's plugin is made of. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ensureTool } from "../../lab/tools/tools.ts";
import { declared } from "../declared.ts";
import { addressOf, providerSource, toConfiguration } from "../tofuJson.ts";
import { timed } from "../measure.ts";
import { isOpenstack } from "../references.ts";
import type { Contestant, Task } from "./contestant.ts";

/** What a changed image means to its users: another server takes its place. */
const server = "openstack:compute/instance:Instance";

/** OpenTofu with the OpenStack resources of a task; logins are the lab's environment. */
export async function tofuContestant(task: Task): Promise<Contestant> {
  const tools = await ensureTool("tofu", (line) => {
    console.error(line);
  });
  const folder = path.join(task.folder, "tofu");
  mkdirSync(folder, { recursive: true });
  const recording = await declared(task.stack, task.file);
  writeFileSync(path.join(folder, "main.tf.json"), JSON.stringify(toConfiguration(recording), undefined, 1));
  // The provider is found here without a registry, and without `tofu init`.
  const settings = path.join(folder, "tofurc");
  // Unlike configurations, the settings of OpenTofu have no JSON form that it reads blocks from.
  writeFileSync(settings, `provider_installation {\n  dev_overrides {\n    "${providerSource}" = "${tools}"\n  }\n}\n`);
  const tofu = (...args: readonly string[]): ReturnType<typeof timed> =>
    timed(path.join(tools, "tofu"), [...args, "-input=false", "-no-color"], {
      cwd: folder,
      env: { TF_CLI_CONFIG_FILE: settings, CHECKPOINT_DISABLE: "1" },
    });
  const replaced = recording.resources.filter(({ type }) => type === server).map((one) => `-replace=${addressOf(one)}`);
  const destroy = (): ReturnType<typeof timed> => tofu("destroy", "-auto-approve");
  return {
    name: "OpenTofu",
    resources: recording.resources.filter(isOpenstack).length,
    up: () => tofu("apply", "-auto-approve"),
    noop: () => tofu("plan", "-detailed-exitcode"), // fails if there is anything to change
    change: () => tofu("apply", "-auto-approve", ...replaced),
    destroy,
    close: async () => {
      await destroy();
    },
  };
}
