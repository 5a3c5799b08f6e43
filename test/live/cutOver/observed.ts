/** What runs of Packit in a cluster, asked of its API. */
import type { KubeApi, KubeObject } from "../../../lab/kubernetes/api.ts";

const namespaces = ["myproject", "packit-dev-sandbox"] as const;
const collections = [
  ...["apps/v1/deployments", "apps/v1/statefulsets", "apps.openshift.io/v1/deploymentconfigs", "batch/v1/cronjobs"],
];

/** Numbers of pods, and whether CronJobs are suspended, by `Kind namespace/name`. */
export async function numbers(of: KubeApi): Promise<Readonly<Record<string, number | boolean>>> {
  const lists = namespaces.flatMap((namespace) =>
    collections.map((one) => {
      const at = one.split("/");
      return of.list<Counted>(`/apis/${at.slice(0, 2).join("/")}/namespaces/${namespace}/${at[2] ?? ""}`);
    }),
  );
  const kinds = namespaces.flatMap(() => ["Deployment", "StatefulSet", "DeploymentConfig", "CronJob"]);
  const found = (await Promise.all(lists)).flatMap((all, at) =>
    all.map(({ metadata, spec }) => {
      const title = `${kinds[at] ?? ""} ${metadata.namespace ?? ""}/${metadata.name}`;
      return [title, spec.suspend ?? spec.replicas ?? 1] as const;
    }),
  );
  return Object.fromEntries(found);
}

interface Counted extends KubeObject {
  readonly spec: { readonly replicas?: number; readonly suspend?: boolean };
}

interface Pod extends KubeObject {
  readonly status?: { readonly phase?: string };
}

/** Names of pods that may act: not a database's. */
export async function pods(of: KubeApi): Promise<readonly string[]> {
  const all = await Promise.all(namespaces.map((one) => of.list<Pod>(`/api/v1/namespaces/${one}/pods`)));
  return all
    .flat()
    .filter(({ status }) => !["Succeeded", "Failed"].includes(status?.phase ?? ""))
    .map(({ metadata }) => metadata.name)
    .filter((name) => !name.startsWith("postgres-"));
}

/** Pods of the service that run. */
export async function running(of: KubeApi): Promise<readonly string[]> {
  const all = await of.list<Pod>("/api/v1/namespaces/myproject/pods");
  return all
    .filter(({ metadata, status }) => status?.phase === "Running" && !metadata.name.startsWith("postgres-"))
    .map(({ metadata }) => metadata.name);
}
