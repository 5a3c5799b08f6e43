/** Takes a Deployment back to what it ran before. */
import { type Command, duration, text, UsageError, type Values } from "../command.ts";
import { kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { disown } from "../ownership.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { expectedWorkloads } from "../../components/packit/inventory.ts";
import { type Instance, openInstance, serviceHelp, serviceOptions } from "./instance.ts";
import { setDigest } from "./pin.ts";
import { deploymentRevisions, type ReplicaSet, type Revision } from "./revisions.ts";

/** The revision that one goes back to. @throws if there is none of that number */
export function targetOf(name: string, all: readonly Revision[], wanted: number | undefined): Revision {
  const earlier = all.filter(({ current }) => !current);
  const found = wanted === undefined ? earlier[0] : all.find(({ revision }) => revision === wanted);
  const known = all.map(({ revision }) => `${revision ?? ""}`).join(", ");
  if (found === undefined) {
    throw new Error(
      `${name} has no ${wanted === undefined ? "earlier revision" : `revision ${wanted}`}; it has ${known}`,
    );
  }
  if (found.current) throw new Error(`revision ${wanted ?? ""} of ${name} is what runs`);
  return found;
}

/** @throws UsageError unless it is a Deployment of the service */
function deploymentNamed(
  { settings }: Instance,
  name: string | undefined,
): ReturnType<typeof expectedWorkloads>[number] {
  const all = expectedWorkloads(settings);
  const found = all.find((one) => one.name === name);
  if (found?.kind === "StatefulSet") {
    throw new UsageError(`${found.name} is a StatefulSet: take its image back by ops packit pin packit-worker DIGEST`);
  }
  if (found !== undefined) return found;
  const names = all.filter(({ kind }) => kind === "Deployment").map((one) => one.name);
  throw new UsageError(`undo what? there are ${names.join(", ")}`);
}

async function rollBack({ kubectl }: Instance, name: string, to: Revision, values: Values): Promise<number> {
  await kubectl.output(["rollout", "undo", `deployment/${name}`, `--to-revision=${to.revision ?? ""}`]);
  await disown(kubectl, "deployment", name);
  await kubectl.output(["rollout", "status", `deployment/${name}`, `--timeout=${duration(values, "timeout", "10m")}s`]);
  console.log(`${name} is what it was at revision ${to.revision ?? ""}, until a deployment changes it`);
  return 0;
}

export const command: Command = {
  help: `Usage: npm run ops -- packit undo DEPLOYMENT --stack S [--to-revision N] [--up] [--dry-run]

Takes a Deployment back to its revision before, or to N (ops packit revisions DEPLOYMENT). Where only the image has moved on under
its tag, the image is pinned to that revision's digest, in the settings, so that the next import does not undo it (--up deploys it;
ops packit unpin lifts it); otherwise this is kubectl rollout undo. A migration of the database is not taken back.
StatefulSets (workers): ops packit pin.

${stackHelp}
${serviceHelp}
${kubectlHelp}
  --to-revision N    which one (default: the one before)
  --timeout D        how long the pods may take (default 10m)
  --up, --yes        deploy a pinned image at once; do not ask
  --dry-run          change nothing, say what would be done`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    "to-revision": { type: "string" },
    timeout: { type: "string" },
    up: { type: "boolean" },
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  async run({ values, words: [word] }) {
    const wanted = text(values, "to-revision");
    if (wanted !== undefined && !/^\d+$/.test(wanted))
      throw new UsageError(`--to-revision is "${wanted}"; give a number`);
    const opened = await openInstance(values);
    const { name, image } = deploymentNamed(opened, word);
    const sets = (await opened.kubectl.get<{ items: ReplicaSet[] }>("replicasets")).items;
    const all = deploymentRevisions(name, sets);
    const target = targetOf(name, all, wanted === undefined ? undefined : Number(wanted));
    const now = all.find(({ current }) => current);
    if (image !== undefined && target.digest !== undefined && target.digest !== now?.digest) {
      return setDigest(opened, image, target.digest, values);
    }
    if (values["dry-run"] === true) {
      console.log(`would take ${name} back to revision ${target.revision ?? ""}, ${target.image}`);
      return 0;
    }
    return rollBack(opened, name, target, values);
  },
};
