/** `orrery packit import-images`. */
import { sourceImage, streams } from "../../../components/packit/images.ts";
import { defineCommand } from "../../../cli/command.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { stackOptions } from "../../lib/stack.ts";
import { openInstance, serviceOptions } from "../../lib/packit/service.ts";
import {
  consumers,
  imported,
  type ImageStream,
  importImage,
  namedImages,
  rollTo,
} from "../../lib/packit/imageStreams.ts";

export const command = defineCommand({
  usage: "[IMAGE...]",
  about: `Imports newer images now and rolls out what runs them. Imports the images that the registry has into their ImageStreams (all of the
service's, unless some are named) and rolls out what ran an older one, as CronJob import-images does on its schedule. A pinned image does
not change. IMAGE is packit-service, packit-worker, packit-service-fedmsg, packit-service-centosmsg, packit-dashboard or tokman.`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    wait: { type: "boolean", help: "wait until the new pods are ready" },
    timeout: { type: "duration", default: "10m", help: "how long they may take" },
    "dry-run": { type: "boolean", help: "import nothing, say what would be imported" },
  },
  async run(values, words) {
    const opened = await openInstance(values);
    const { kubectl, settings, service } = opened;
    const seconds = values.timeout;
    const names = namedImages(opened, words);
    const found = await kubectl.get<{ items: ImageStream[] }>("imagestreams.image.openshift.io").catch(() => {
      throw new Error(
        `cluster ${settings.cluster} has no ImageStreams; there a pod asks the registry when it starts: kubectl rollout restart`,
      );
    });
    const rolled = [];
    for (const name of names) {
      const before = imported(
        found.items.find(({ metadata }) => metadata.name === streams[name]),
        settings.deployment,
      )[0];
      if (values.dryRun) {
        console.log(
          `would import ${sourceImage(service, settings, name)}; ${streams[name]} has ${before?.image ?? "nothing"}`,
        );
        continue;
      }
      const digest = await importImage(kubectl, opened, name);
      console.log(`${streams[name]}: ${digest === before?.image ? "nothing newer than" : "imported"} ${digest}`);
      for (const workload of consumers(opened, name)) {
        if (!(await rollTo(kubectl, workload, digest))) continue;
        console.log(`  rolling out ${workload.name}`);
        rolled.push(workload);
      }
    }
    if (values.wait) {
      for (const { kind, name } of rolled)
        await kubectl.output(["rollout", "status", kind, name, `--timeout=${seconds}s`]);
    }
    return 0;
  },
});
