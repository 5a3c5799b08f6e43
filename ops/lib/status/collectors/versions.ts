/** What runs: images and builds of all workloads, and the clusters' own versions. */
import { parseImage } from "../../../../config/image.ts";
import { asList, asObject, asText } from "../../../../policy/manifest.ts";
import { type Collector, perCluster } from "../collector.ts";
import { type ClusterReader, type LiveObject, namespacesOf } from "../clusterReader.ts";
import { type Found, shared } from "../row.ts";
import type { DeclaredObject } from "../situation.ts";
import { liveObjects } from "./objects.ts";
import { type RunningContainer, runningContainers, short } from "./running.ts";
import { belongs, isWorkload } from "./workloads.ts";

/** A row for each workload with pods, and one for each system with all its images. @param pods - of its namespaces */
export function versionRows(
  declared: readonly DeclaredObject[],
  live: readonly LiveObject[],
  pods: readonly LiveObject[],
): readonly Found[] {
  return [...Map.groupBy(declared, ({ system }) => system)].flatMap(([system, own]): readonly Found[] => {
    const running = own.flatMap(({ manifest: { kind, namespace, name } }) => {
      const workload = live.find(
        (one) => one.kind === kind && one.metadata.name === name && one.metadata.namespace === namespace,
      );
      if (workload === undefined) return [];
      const here = pods.filter((pod) => pod.metadata.namespace === namespace && belongs(pod, workload));
      const containers = here.flatMap(runningContainers);
      return containers.length === 0 ? [] : [{ part: `${namespace}/${name}`, containers }];
    });
    if (running.length === 0) return [];
    const all = running.flatMap(({ containers }) => containers);
    const images = [...Map.groupBy(all, ({ image }) => image)].map(([image, same]) => imageText(image, same, true));
    const text = `${images.length} image${images.length === 1 ? "" : "s"}: ${images.toSorted().join(", ")}`;
    return [
      { system, part: "versions", state: "ok", text },
      ...running.map(({ part, containers }): Found => ({ system, part, ...workloadText(containers) })),
    ];
  });
}

function workloadText(all: readonly RunningContainer[]): Pick<Found, "state" | "text"> {
  const containers = [...Map.groupBy(all, ({ name, image }) => `${name} ${image}`).values()];
  const text = containers.map((same) => `${same[0]?.name ?? ""} ${imageText(same[0]?.image ?? "", same, false)}`);
  // The pods of one image that moved between their starts.
  const mixed = containers.some((same) => digestsOf(same).length > 1);
  return { state: mixed ? "warn" : "ok", text: `${mixed ? "its pods differ: " : ""}runs ${text.join("; ")}` };
}

const digestsOf = (all: readonly RunningContainer[]): readonly string[] => [
  ...new Set(all.flatMap(({ digest }) => digest ?? [])),
];

/** `quay.io/packit/tokman:prod (1a2b3c4d5e6f)`, or without its registry. */
function imageText(image: string, all: readonly RunningContainer[], brief: boolean): string {
  const { repository, tag, digest } = parseImage(image);
  const name = `${brief ? (repository.split("/").at(-1) ?? "") : repository}${tag === undefined ? "" : `:${tag}`}`;
  const builds = digestsOf(all).map(short);
  const pinned = digest === undefined ? [] : [short(digest)];
  const known = builds.length === 0 ? pinned : builds;
  return known.length === 0 ? name : `${name} (${known.join(", ")})`;
}

/** What a cluster says of itself. @throws if it does not answer */
async function clusterRow(name: string, reader: ClusterReader): Promise<Found> {
  const api = await reader.api();
  const [kubernetes, openshift] = await Promise.all([
    api.send("GET", "/version"),
    // Only OpenShift has it, and most accounts may not read it.
    api.find("/apis/config.openshift.io/v1/clusterversions/version").catch(() => undefined),
  ]);
  if (kubernetes.status >= 300) throw new Error(`answers ${kubernetes.status} to /version`);
  const history = asList(asObject(asObject(openshift).status).history);
  const done = history.find(({ state }) => state === "Completed");
  const versions = [
    ...(done === undefined ? [] : [`OpenShift ${asText(done.version)}`]),
    `Kubernetes ${asText(asObject(kubernetes.body).gitVersion)}`,
  ];
  return { system: shared, part: `cluster ${name}`, state: "ok", text: versions.join(", ") };
}

export const versions: Collector = {
  name: "versions",
  asks: "which images and builds the pods run, and the versions of the clusters",
  questions: (situation) =>
    perCluster(situation, async ({ name, objects, reader }) => {
      const declared = objects.filter(isWorkload);
      const [row, live, pods] = await Promise.all([
        clusterRow(name, reader),
        liveObjects(reader, declared),
        Promise.all(
          namespacesOf(declared).map((namespace) => reader.list({ apiVersion: "v1", kind: "Pod", namespace })),
        ),
      ]);
      return [row, ...versionRows(declared, live, pods.flat())];
    }),
};
