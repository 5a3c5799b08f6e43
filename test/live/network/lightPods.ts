/** Light pods that stand where a stack's workloads would: with their namespaces, labels and ports. */
import { eventually } from "../../../lab/harness/cloud.ts";
import type { KubeObject } from "../../../lab/kubernetes/api.ts";
import { api, kubectl } from "../pods/cluster.ts";
import type { Endpoint, Protocol } from "./evaluate.ts";
import type { World } from "./matrix.ts";

/** Names of the namespaces; a policy may be where the stack has no pod, as that of an ingress controller. */
const namespacesOf = ({ endpoints, policies }: World): readonly string[] => [
  ...new Set([
    ...endpoints.flatMap(({ namespace }) => namespace ?? []),
    ...policies.map(({ metadata }) => metadata.namespace),
  ]),
];

/** Makes the namespaces with their labels, and their accounts, without which no pod is admitted. */
export async function prepareNamespaces(world: World): Promise<void> {
  const labels = new Map(world.endpoints.map(({ namespace = "", namespaceLabels }) => [namespace, namespaceLabels]));
  for (const name of namespacesOf(world)) {
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: labels.get(name) ?? {} } });
    await eventually(
      `the service account of ${name}`,
      () => api.find(`/api/v1/namespaces/${name}/serviceaccounts/default`),
      (account) => account !== undefined,
    );
  }
}

/** Removes them with their pods and policies, as another cluster may have namespaces of the same names. */
export async function removeNamespaces(world: World): Promise<void> {
  const names = namespacesOf(world).filter((name) => !["default", "kube-system"].includes(name));
  for (const name of names) await api.delete(`/api/v1/namespaces/${name}`);
  for (const name of names)
    await eventually(
      `the end of ${name}`,
      () => api.find(`/api/v1/namespaces/${name}`),
      (found) => found === undefined,
      120,
    );
}

/** A pod that listens on the workload's ports and waits. */
export function lightPod({ namespace, labels, ports }: Endpoint, name: string, dualStack: boolean): KubeObject {
  const numbers = [...new Set(ports.map(({ containerPort }) => containerPort))];
  const own = dualStack ? ["0.0.0.0", "::"] : ["0.0.0.0"];
  const listeners = numbers.flatMap((port) => own.map((at) => `nc -lkd ${at} ${port} >/dev/null &`)).join(" ");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: namespace ?? "", labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "light",
          image: "orrery.lab/tools:1",
          command: ["sh", "-c", `${listeners} exec sleep infinity`],
          ports: ports.map((port) => ({
            containerPort: port.containerPort,
            ...(port.name ? { name: port.name } : {}),
          })),
          ...(numbers.length === 0 ? {} : { readinessProbe: { tcpSocket: { port: numbers[0] }, periodSeconds: 1 } }),
          resources: { requests: { cpu: "1m", memory: "4Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  };
}

/** A pod's addresses once it is ready. */
export async function addressesOf({ namespace = "" }: Endpoint, name: string): Promise<readonly string[]> {
  interface Seen {
    readonly status: {
      readonly podIPs?: readonly { readonly ip: string }[];
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  }
  const { status } = await eventually(
    `${namespace}/${name}`,
    () => api.get<Seen>(`/api/v1/namespaces/${namespace}/pods/${name}`),
    (pod) => pod.status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true,
    180,
  );
  return (status.podIPs ?? []).map(({ ip }) => ip);
}

/** Prints which of its arguments, `address:port`, can be connected to, all tried at once. */
const trying = 'for at; do { nc -z -w 4 "${at%:*}" "${at##*:}" && echo "$at"; } 2>/dev/null & done; wait';

/** The same of datagrams, which come back from there. */
const sending =
  'for at; do [ "$(echo x | nc -u -w 2 "${at%:*}" "${at##*:}")" = x ] 2>/dev/null && echo "$at" & done; wait';

/** Those of the targets, `address:port`, that answer a pod. */
export async function tryFromPod(
  namespace: string,
  name: string,
  targets: readonly string[],
  protocol: Protocol = "TCP",
): Promise<readonly string[]> {
  const script = protocol === "TCP" ? trying : sending;
  const said = await kubectl("-n", namespace, "exec", name, "--", "bash", "-c", script, "bash", ...targets);
  return said.split("\n");
}
