/** `orrery prow memory`. */
import { prowSchema } from "../../../components/prow/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { quantity as quantityField } from "../../../config/fields.ts";
import { changeSettings } from "../../lib/stack.ts";
import {
  deploymentOf,
  environmentOptions,
  inCluster,
  memoryPatch,
  openEnvironment,
} from "../../lib/prow/environment.ts";

export const command = defineCommand({
  usage: "SERVICE QUANTITY",
  about: `Changes the memory of a service, as request and limit, e.g. deck 2Gi. go run next to a service requires at least 1Gi. Without --keep
the Deployment is changed at once and its pods are replaced; the program does not know about it. To undo it:
PULUMI_K8S_ENABLE_PATCH_FORCE=true npx pulumi up --refresh --stack S`,
  options: {
    ...environmentOptions,
    keep: {
      type: "boolean",
      help: "write it into the settings (resources.SERVICE.memory) instead; the next pulumi up deploys it",
    },
    "dry-run": { type: "boolean", help: "say what would be done" },
  },
  async run(values, [service, quantity]) {
    const environment = await openEnvironment(values);
    const { name, workload } = deploymentOf(environment, service);
    if (!/[a-z]$/i.test(quantity) || !quantityField.safeParse(quantity).success) {
      throw new UsageError(`QUANTITY is "${quantity}"; give the memory of ${workload}, e.g. 2Gi or 1500M`);
    }
    const { dryRun } = values;
    if (values.keep) {
      const change = { at: ["resources", workload, "memory"], value: quantity };
      changeSettings(prowSchema, environment, [change], dryRun);
      console.log(`resources.${workload}.memory ${dryRun ? "would be" : "is"} ${quantity} in ${environment.file}`);
      return 0;
    }
    const patch = JSON.stringify(memoryPatch(workload, quantity));
    await inCluster(environment, values, async (kubectl, inside) => {
      const dry = dryRun ? ["--dry-run=server"] : [];
      await kubectl.output(["patch", "deployment", name, ...inside, "--type=strategic", "--patch", patch, ...dry]);
      if (!dryRun) await kubectl.output(["rollout", "status", "deployment", name, ...inside, "--timeout=5m"]);
    });
    console.log(
      `Deployment ${name} ${dryRun ? "would get" : "has"} ${quantity}; the next pulumi up does not know about it`,
    );
    return 0;
  },
});
