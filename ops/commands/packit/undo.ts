/** `orrery packit undo`. */
import { defineCommand } from "../../../cli/command.ts";
import type { OptionSpecs } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { releaseFieldOwnership } from "../../lib/kube/fieldOwnership.ts";
import { expectedWorkloads } from "../../../components/packit/inventory.ts";
import { type Instance, openInstance } from "../../lib/packit/service.ts";
import { pinOptions, setDigest } from "../../lib/packit/pin.ts";
import { deploymentRevisions, type ReplicaSet, type Revision, targetOf } from "../../lib/packit/revisions.ts";

const undoOptions = {
  ...pinOptions,
  ...kubectlOptions,
  "to-revision": { type: "integer", min: 0, help: "number of the revision (default: the previous one)" },
  timeout: { type: "duration", default: "10m", help: "how long the pods may take" },
  up: { type: "boolean", help: "deploy a pinned image at once" },
  "dry-run": { type: "boolean", help: "change nothing, say what would be done" },
} as const satisfies OptionSpecs;

/** @throws UsageError unless it is a Deployment of the service */
function deploymentNamed({ settings }: Instance, name: string): ReturnType<typeof expectedWorkloads>[number] {
  const all = expectedWorkloads(settings);
  const found = all.find((one) => one.name === name);
  if (found?.kind === "StatefulSet") {
    throw new UsageError(`${found.name} is a StatefulSet: roll its image back by packit pin packit-worker DIGEST`);
  }
  if (found !== undefined) return found;
  const names = all.filter(({ kind }) => kind === "Deployment").map((one) => one.name);
  throw new UsageError(`there is no Deployment "${name}"; there are ${names.join(", ")}`);
}

async function rollBack({ kubectl }: Instance, name: string, to: Revision, seconds: number): Promise<number> {
  await kubectl.output(["rollout", "undo", `deployment/${name}`, `--to-revision=${to.revision ?? ""}`]);
  await releaseFieldOwnership(kubectl, "deployment", name);
  await kubectl.output(["rollout", "status", `deployment/${name}`, `--timeout=${seconds}s`]);
  console.log(`${name} is what it was at revision ${to.revision ?? ""}, until a deployment changes it`);
  return 0;
}

export const command = defineCommand({
  usage: "DEPLOYMENT",
  about: `Rolls a Deployment back to its previous revision, or to another one (packit revisions DEPLOYMENT). If only the image has moved on
under its tag, the image is pinned to that revision's digest in the settings, so that the next import does not undo it (--up deploys it;
packit unpin removes the pin); otherwise this is kubectl rollout undo. A database migration is not undone. For StatefulSets (workers) use
packit pin.`,
  options: undoOptions,
  async run(values, [word]) {
    const wanted = values.toRevision;
    const opened = await openInstance(values);
    const { name, image } = deploymentNamed(opened, word);
    const sets = (await opened.kubectl.get<{ items: ReplicaSet[] }>("replicasets")).items;
    const all = deploymentRevisions(name, sets);
    const target = targetOf(name, all, wanted);
    const now = all.find(({ current }) => current);
    if (image !== undefined && target.digest !== undefined && target.digest !== now?.digest) {
      return setDigest(opened, image, target.digest, values);
    }
    if (values.dryRun) {
      console.log(`would roll ${name} back to revision ${target.revision ?? ""}, ${target.image}`);
      return 0;
    }
    return rollBack(opened, name, target, values.timeout);
  },
});
