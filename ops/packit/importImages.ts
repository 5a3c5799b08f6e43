/** Imports newer images now, and rolls out what runs them. */
import { sourceImage, streams } from "../../components/packit/images.ts";
import { type Command, duration } from "../command.ts";
import { kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { openInstance, serviceHelp, serviceOptions } from "./instance.ts";
import { consumers, imported, type ImageStream, importImage, namedImages, rollTo } from "./streams.ts";

export const command: Command = {
  help: `Usage: npm run ops -- packit import-images [IMAGE...] --stack S [--wait] [--dry-run]

Imports the images that the registry has now into their ImageStreams (all of the service's, unless some are named) and rolls out
whatever ran an older one, as CronJob import-images does at its time. A pinned image stays what it is.
IMAGE is packit-service, packit-worker, packit-service-fedmsg, packit-service-centosmsg, packit-dashboard or tokman.

${stackHelp}
${serviceHelp}
${kubectlHelp}
  --wait             wait until the new pods are ready; --timeout 10m
  --dry-run          import nothing, say what would be imported`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    wait: { type: "boolean" },
    timeout: { type: "string" },
    "dry-run": { type: "boolean" },
  },
  async run({ values, words }) {
    const opened = await openInstance(values);
    const { kubectl, settings, service } = opened;
    const seconds = duration(values, "timeout", "10m");
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
      if (values["dry-run"] === true) {
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
    if (values.wait === true) {
      for (const { kind, name } of rolled)
        await kubectl.output(["rollout", "status", kind, name, `--timeout=${seconds}s`]);
    }
    return 0;
  },
};
