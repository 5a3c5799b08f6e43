/** Kinds that the program declares and a cluster may lack: a Route, a PrometheusRule. */
import type { ClusterApi } from "../../../config/clusterApi.ts";
import type { Manifest } from "../../../policy/manifest.ts";

/** Kinds that the cluster does not have, e.g. `PrometheusRule (monitoring.coreos.com/v1)`. @throws LoginError if it cannot be asked */
export async function missingKinds(api: ClusterApi, declared: readonly Manifest[]): Promise<readonly string[]> {
  const groups = Map.groupBy(
    declared.filter(({ apiVersion }) => apiVersion.includes("/")),
    ({ apiVersion }) => apiVersion,
  );
  const missing = [...groups].map(async ([version, objects]) => {
    const answer = (await api.find(`/apis/${version}`)) as { resources?: readonly { kind: string }[] } | undefined;
    const there = new Set(answer?.resources?.map(({ kind }) => kind));
    return [...new Set(objects.map(({ kind }) => kind))]
      .filter((kind) => !there.has(kind))
      .map((kind) => `${kind} (${version})`);
  });
  return (await Promise.all(missing)).flat().toSorted();
}
