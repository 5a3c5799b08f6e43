/** What a cut-over would do, by what the old cluster has of what the stack declares; nothing is changed. */
import { asObject, asTexts, type Json, type Manifest, title } from "../../../policy/manifest.ts";
import { fits } from "../adopt/effects.ts";
import { type Claim, claimsOf } from "./claims.ts";
import type { DatabaseMove } from "./databases.ts";
import { type HostMove, hostMoves } from "./hosts.ts";
import { isOn, titleOf, type Workload, workloadsOf } from "./workloads.ts";

/** Namespaces that clusters share with everybody: only what is declared is touched there. */
const shared = /^(default|kube-.*|openshift.*)$/;

/** What decides which workloads of the old cluster are stopped. */
export interface Selection {
  readonly declared: readonly Manifest[];
  /** Patterns of titles that go on. */
  readonly keep: readonly string[];
}

/** A workload that is stopped, or would be. */
interface Stopping extends Workload {
  /** Whether the stack declares one of its name. */
  readonly declared: boolean;
}

/** The plan. */
export interface Plan {
  readonly stops: readonly Stopping[];
  /** Workloads that the stack declares and the old cluster does not have under this name. */
  readonly missing: readonly string[];
  readonly claims: readonly Claim[];
  readonly hosts: readonly HostMove[];
  /** A sentence each: what somebody has to decide by --accept or --keep. */
  readonly undecided: readonly string[];
  /** A sentence each: what has to be changed first. */
  readonly problems: readonly string[];
}

/** A decision about all of them. */
const foreignState = "deployed by another stack";

const isOurs = ({ metadata }: Json): boolean =>
  asTexts(asObject(metadata).labels)["app.kubernetes.io/managed-by"] === "orrery";

const workloadKinds = new Set(["Deployment", "StatefulSet", "CronJob"]);

/** Names of namespaces in which the stack declares something. */
export const namespacesOf = (declared: readonly Manifest[]): readonly string[] =>
  [...new Set(declared.map(({ namespace }) => namespace))].filter((one) => one !== "").sort();

/** Titles of what stands for a declared workload: pods that keep running may be of any kind. */
function titlesOf({ kind, namespace, name }: Manifest): readonly string[] {
  const kinds =
    kind === "CronJob" || kind === "Job"
      ? [kind]
      : ["Deployment", "StatefulSet", "DeploymentConfig", "ReplicationController"];
  return kinds.map((one) => `${one} ${namespace}/${name}`);
}

/** Whether a database's title is accepted by name: `*` alone is no word about a database. */
export const acceptsDatabase = (accept: readonly string[], title: string): boolean =>
  accept.some((pattern) => pattern.startsWith("Database ") && fits(pattern, title));

/** Titles of what a stack declares that acts, under all names that it may have. */
export function declaredTitles(declared: readonly Manifest[]): ReadonlySet<string> {
  return new Set(declared.filter(({ kind }) => kind === "Job" || workloadKinds.has(kind)).flatMap(titlesOf));
}

/** The namespace of what acts, or that the stack makes. Where it has only a Secret or a monitor, others live. */
const homeOf = ({ kind, namespace, name }: Manifest): readonly string[] =>
  kind === "Namespace" ? [name] : kind === "Job" || workloadKinds.has(kind) ? [namespace] : [];

/** Whether a workload, Job or pod of the old cluster must not act after the cut-over. */
export function isMoved({ declared, keep }: Selection): (title: string) => boolean {
  const own = declaredTitles(declared);
  const homes = new Set(declared.flatMap(homeOf).filter((one) => !shared.test(one)));
  return (title) => {
    const [, namespace = ""] = /^\S+ ([^/]*)\//.exec(title) ?? [];
    return !keep.some((pattern) => fits(pattern, title)) && (own.has(title) || homes.has(namespace));
  };
}

/**
 * Makes the plan.
 * @param objects - everything in the old namespaces
 * @param accept - patterns of titles of data that may stay behind
 */
export async function planCutOver(
  selection: Selection,
  objects: readonly Json[],
  moves: readonly DatabaseMove[],
  accept: readonly string[],
): Promise<Plan> {
  const { declared } = selection;
  const [moved, own] = [isMoved(selection), declaredTitles(declared)];
  const stops = workloadsOf(objects)
    .filter((one) => moved(one.title) && isOn(one))
    .map((one): Stopping => ({ ...one, declared: own.has(one.title) }))
    .toSorted(byOrder);
  const there = new Set(workloadsOf(objects).map(({ title }) => title));
  const wanted = declared.filter(({ kind }) => workloadKinds.has(kind));
  const missing = wanted.filter((one) => !titlesOf(one).some((title) => there.has(title))).map(title);
  const claims = claimsOf(objects, moves, (database) => acceptsDatabase(accept, database));
  const accepted = (title: string): boolean => accept.some((pattern) => fits(pattern, title));
  const undecided = [
    ...objects
      .filter((one) => one.kind === "DaemonSet" && moved(titleOf(one)))
      .map((one) => `${titleOf(one)} has no number of pods: delete it when the rest is stopped, and --keep it here`),
    ...claims
      .filter(({ title, fate }) => fate === undefined && !accepted(title))
      .map(({ title }) => `${title} has data that nothing copies: copy it yourself or let it go, and --accept it`),
  ];
  const ours = stops.find(({ object }) => isOurs(object));
  if (ours !== undefined && !accepted(foreignState))
    undecided.push(
      `${ours.title} was deployed by Orrery: if this stack's state has it, pulumi up deletes it there before anything is copied; let the state forget it first (npx orrery adopt --undo), or if another stack made it, --accept '${foreignState}'`,
    );
  const problems = stops
    .filter(
      ({ object }) => asObject(asObject(object.spec).persistentVolumeClaimRetentionPolicy).whenScaled === "Delete",
    )
    .map(({ title }) => `${title} deletes its claims when it has no pods: set whenScaled to Retain there first`);
  if (missing.length === wanted.length)
    problems.push(
      "nothing that the stack declares runs in the old cluster: is --kubeconfig the right one, and are the stack's namespaces those of the old deployment?",
    );
  for (const move of moves.filter(({ title }) => !acceptsDatabase(accept, title))) {
    const problem = await move.problem();
    if (problem !== undefined) problems.push(`${move.title}: ${problem}; or leave it behind: --accept '${move.title}'`);
  }
  return {
    ...{ stops, missing, claims, undecided, problems },
    hosts: hostMoves(
      objects,
      declared.map(({ kind, namespace, name, body }) => ({ ...body, kind, metadata: { namespace, name } })),
    ),
  };
}

/** What makes work stops first: schedules, then pods. */
const byOrder = (a: Workload, b: Workload): number =>
  Number(b.suspend !== undefined) - Number(a.suspend !== undefined) || a.title.localeCompare(b.title);

/** The plan for people. */
export function planLines(
  { stops, missing, claims, hosts }: Plan,
  hostLinesOf: (moves: readonly HostMove[]) => readonly string[],
): readonly string[] {
  return [
    ...section(
      "stopped there",
      stops.map(({ title, replicas, declared }) => {
        const what = replicas === undefined ? "" : `, ${replicas} pods`;
        return `${title}${what}${declared ? "" : " (the stack declares none of this name; --keep lets it go on)"}`;
      }),
    ),
    ...section("not there under this name; if it runs under another one, stop it yourself", missing),
    ...section(
      "data",
      claims.map(({ title, fate }) => `${title}: ${fate ?? "NOT COPIED"}`),
    ),
    ...section("hosts", hostLinesOf(hosts)),
  ];
}

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
