/** Files for Zuul's hosts. */
import { stringify } from "yaml";
import type { NodepoolSettings } from "./settings.ts";

/** Name of the account that nodepool and the executor use. */
export const nodepoolAccount = "nodepool";

/** Name of the kubeconfig context, as `oc login` makes it: namespace, API server and user. */
export function contextName({ namespace, server }: Pick<NodepoolSettings, "namespace" | "server">): string {
  const { hostname, port, protocol } = new URL(server);
  const shownPort = port === "" ? (protocol === "http:" ? "80" : "443") : port;
  const user = `system:serviceaccount:${namespace}:${nodepoolAccount}`;
  return `${namespace}/${hostname.replaceAll(".", "-")}:${shownPort}/${user}`;
}

/** `nodepool/thoth.yaml` of Zuul's configuration repository. */
export function nodepoolYaml(settings: NodepoolSettings): string {
  const labels = Object.entries(settings.labels);
  return stringify(
    {
      labels: labels.map(([name, { minReady }]) => ({ name, "min-ready": minReady })),
      providers: [
        {
          name: settings.provider,
          driver: "openshiftpods",
          context: contextName(settings),
          "launch-retries": settings.launchRetries,
          // Up to version 8 nodepool counts by this; from 9 on it takes it and counts by the pool's.
          ...(settings.maxPods === undefined ? {} : { "max-pods": settings.maxPods }),
          pools: [
            {
              name: settings.pool,
              ...(settings.maxPods === undefined ? {} : { "max-servers": settings.maxPods }),
              labels: labels.map(([name, { image, cpu, memory }]) => ({ name, image, cpu, memory })),
            },
          ],
        },
      ],
    },
    { lineWidth: 0 },
  );
}

/** Kubeconfig for the launcher and the executor, with the one context that the configuration names. */
export function kubeconfigYaml(settings: NodepoolSettings, token: string, clusterCa: string): string {
  const { namespace, server } = settings;
  const [, cluster = "", user = ""] = contextName(settings).split("/");
  const ca = clusterCa === "" ? {} : { "certificate-authority-data": Buffer.from(clusterCa).toString("base64") };
  return stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: cluster, cluster: { server, ...ca } }],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: contextName(settings), context: { cluster, namespace, user } }],
      "current-context": contextName(settings),
    },
    { lineWidth: 0 },
  );
}
