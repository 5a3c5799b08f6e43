/** `orrery packit fill-cache`. */
import { defineCommand } from "../../../cli/command.ts";
import { interruptible } from "../../../cli/interrupt.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { stackOptions } from "../../lib/stack.ts";
import { pairsFor, put, sourceOf, withFiller } from "../../lib/packit/cache.ts";
import { openInstance, serviceOptions } from "../../lib/packit/service.ts";

export const command = defineCommand({
  usage: "REPOSITORY...",
  about: `Copies git repositories into all volumes of the repository cache. These are each worker's volume, filled in
the worker's pod, and its sandboxes' volume, filled in a pod repository-cache-filler. REPOSITORY is a URL, which the pods clone (or fetch, if it exists), or a folder of this
machine, which is copied as it is: for repositories as large as the kernel.

While a sandboxes' volume is filled, that worker's sandboxes wait: a volume cannot be mounted twice. In the same way this waits for running
sandboxes. Exit code 1 if the volumes do not have the same commit in the end.`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    worker: {
      type: "string",
      value: "POD",
      multiple: true,
      help: "only this worker's two volumes, e.g. packit-worker-0",
    },
    timeout: {
      type: "duration",
      default: "40m",
      help: "how long to wait for sandboxes, and for the pod; a sandbox may run for 40m",
    },
    "dry-run": { type: "boolean", help: "change nothing, say which volumes would be filled" },
  },
  async run(values, words) {
    const sources = words.map(sourceOf);
    const seconds = values.timeout;
    const opened = await openInstance(values);
    const pairs = pairsFor(opened, values.worker);
    const names = sources.map(({ name }) => name).join(", ");
    if (values.dryRun) {
      for (const { workerClaim, sandboxClaim } of pairs)
        console.log(`would put ${names} into ${workerClaim} and ${sandboxClaim}`);
      return 0;
    }
    const commits = new Map(sources.map((source) => [source.name, new Set<string>()]));
    const note = (name: string, claim: string, commit: string): void => {
      commits.get(name)?.add(commit);
      console.log(`${claim}: ${name} at ${commit.slice(0, 12)}`);
    };
    await interruptible(async (ending) => {
      for (const pair of pairs) {
        for (const source of sources) {
          const worker = { pod: pair.pod, container: workerContainer };
          note(source.name, pair.workerClaim, await put(opened.kubectl, worker, source, ending));
        }
        await withFiller(opened, pair, { seconds, ending }, async (kubectl, place) => {
          for (const source of sources) note(source.name, pair.sandboxClaim, await put(kubectl, place, source, ending));
        });
      }
    });
    const uneven = [...commits].filter(([, seen]) => seen.size > 1).map(([name]) => name);
    if (uneven.length > 0) console.error(`the volumes differ in ${uneven.join(", ")}; run it again`);
    return uneven.length > 0 ? 1 : 0;
  },
});

/** The workers' container. Source: the seed's StatefulSet. */
const workerContainer = "packit-worker-1";
