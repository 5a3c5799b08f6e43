/** Puts git repositories into all volumes of the repository cache. */
import { type Command, duration, texts, UsageError } from "../command.ts";
import { kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { pairsFor, put, sourceOf, withFiller } from "./cache.ts";
import { openInstance, serviceHelp, serviceOptions } from "./instance.ts";

export const command: Command = {
  help: `Usage: npm run ops -- packit fill-cache REPOSITORY... --stack S [--worker POD]... [--dry-run]

Puts git repositories into the repository cache: into every worker's volume, in the worker's pod, and into its sandboxes' volume, in
a pod repository-cache-filler. REPOSITORY is a URL, which the pods clone (or fetch, if it is there), or a folder of this
machine, which is copied as it is: for repositories as large as the kernel.
While a sandboxes' volume is filled, that worker's sandboxes wait: a volume cannot be mounted twice. In the same way this waits
for sandboxes that run. Exit code 1 if the volumes do not hold the same commit in the end.

${stackHelp}
${serviceHelp}
${kubectlHelp}
  --worker POD       only this worker's pair of volumes (may be given several times), e.g. packit-worker-0
  --timeout D        how long to wait for sandboxes, and for the pod (default 40m, as long as a sandbox may run)
  --dry-run          change nothing, say which volumes would be filled`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    worker: { type: "string", multiple: true },
    timeout: { type: "string" },
    "dry-run": { type: "boolean" },
  },
  async run({ values, words }) {
    if (words.length === 0)
      throw new UsageError("which repositories? e.g. fill-cache https://src.fedoraproject.org/rpms/kernel.git");
    const sources = words.map(sourceOf);
    const seconds = duration(values, "timeout", "40m");
    const opened = await openInstance(values);
    const pairs = pairsFor(opened, texts(values, "worker"));
    const names = sources.map(({ name }) => name).join(", ");
    if (values["dry-run"] === true) {
      for (const { workerClaim, sandboxClaim } of pairs)
        console.log(`would put ${names} into ${workerClaim} and ${sandboxClaim}`);
      return 0;
    }
    const commits = new Map(sources.map((source) => [source.name, new Set<string>()]));
    const note = (name: string, claim: string, commit: string): void => {
      commits.get(name)?.add(commit);
      console.log(`${claim}: ${name} at ${commit.slice(0, 12)}`);
    };
    for (const pair of pairs) {
      for (const source of sources) {
        const worker = { pod: pair.pod, container: workerContainer };
        note(source.name, pair.workerClaim, await put(opened.kubectl, worker, source));
      }
      await withFiller(opened, pair, seconds, async (kubectl, place) => {
        for (const source of sources) note(source.name, pair.sandboxClaim, await put(kubectl, place, source));
      });
    }
    const uneven = [...commits].filter(([, seen]) => seen.size > 1).map(([name]) => name);
    if (uneven.length > 0) console.error(`the volumes differ in ${uneven.join(", ")}; run it again`);
    return uneven.length > 0 ? 1 : 0;
  },
};

/** The workers' container. Source: the seed's StatefulSet. */
const workerContainer = "packit-worker-1";
