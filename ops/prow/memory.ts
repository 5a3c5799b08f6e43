/** Gives a service other memory: at once in the cluster, or for good in the settings. */
import { prowSchema } from "../../components/prow/config.ts";
import { type Command, UsageError } from "../command.ts";
import { changeSettings } from "../lib/stack.ts";
import { deploymentOf, environmentHelp, environmentOptions, inCluster, openEnvironment } from "./environment.ts";

/** The change of a Deployment; its one container is called as the service. */
export function memoryPatch(container: string, memory: string): object {
  const resources = { requests: { memory }, limits: { memory } };
  return { spec: { template: { spec: { containers: [{ name: container, resources }] } } } };
}

export const command: Command = {
  help: `Usage: npm run ops -- prow memory SERVICE QUANTITY --stack S [--keep] [--dry-run]

Gives a service's container this much memory, as request and limit, e.g. deck 2Gi: go run beside a service wants at least 1Gi.

Without --keep the Deployment is changed at once and its pods are replaced; the program does not know of it. To take it back:
PULUMI_K8S_ENABLE_PATCH_FORCE=true npx pulumi up --refresh --stack S

  --keep             write it into the settings (resources.SERVICE.memory) instead; the next pulumi up deploys it
  --dry-run          say what would be done
${environmentHelp}`,
  options: { ...environmentOptions, keep: { type: "boolean" }, "dry-run": { type: "boolean" } },
  async run({ values, words: [service, quantity] }) {
    const environment = await openEnvironment(values);
    const { name, workload } = deploymentOf(environment, service);
    if (quantity === undefined || !/^[1-9]\d*(Mi|Gi)$/.test(quantity)) {
      throw new UsageError(`how much memory for ${workload}? e.g. 2Gi`);
    }
    const dryRun = values["dry-run"] === true;
    if (values.keep === true) {
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
      `Deployment ${name} ${dryRun ? "would get" : "has"} ${quantity}; the next pulumi up does not know of it`,
    );
    return 0;
  },
};
