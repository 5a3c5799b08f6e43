/** The pods of DIALS' workloads, asked of the cluster's API. */
import type { KubeApi, KubeObject } from "../../../lab/kubernetes/api.ts";

export interface Pod extends KubeObject {
  readonly metadata: KubeObject["metadata"] & {
    readonly uid: string;
    readonly labels: Readonly<Record<string, string | undefined>>;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Pods that are not at their end, of one workload or all. */
export async function podsIn(api: KubeApi, namespace: string, app?: string): Promise<readonly Pod[]> {
  const pods = await api.list<Pod>(`/api/v1/namespaces/${namespace}/pods`);
  return pods.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      !["Succeeded", "Failed"].includes(status.phase) &&
      (app === undefined || metadata.labels.app === app),
  );
}

/** Which pods each workload has. */
export async function uidsIn(api: KubeApi, namespace: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string[]>();
  for (const { metadata } of await podsIn(api, namespace)) {
    const app = metadata.labels.app ?? metadata.name;
    found.set(app, [...(found.get(app) ?? []), metadata.uid]);
  }
  return new Map([...found].map(([app, uids]) => [app, uids.sort().join()]));
}
