/**
 * Who may talk to whom, tried: a light pod for each workload of stack test, with its namespace, labels and ports, behind the
 * NetworkPolicies that the stack declares. Each pod tries each other one, by each of its addresses, and the table of expectations
 * says what it may reach.
 */
import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import { dualStack } from "../../lab/kubernetes/nodes/families.ts";
import { render } from "../../review/evaluate/render.ts";
import type { Endpoint } from "./network/evaluate.ts";
import { expected, lineOf, type Pair, pairsOf, type World, worldOf } from "./network/matrix.ts";
import { api, cluster, kubectl, useRealNodes } from "./pods/cluster.ts";

const stack = "test";
/** Pods that start, or are asked, at a time. */
const together = 4;

/** A pair, tried by the receiver's first address (IPv4) or second one. */
interface Trial extends Pair {
  readonly family: "IPv4" | "IPv6";
}

describe("NetworkPolicies of every system on real nodes", function () {
  this.timeout(1_200_000);
  useRealNodes(2);
  let trials: readonly Trial[] = [];
  const addresses = new Map<Endpoint, readonly string[]>();

  before(async () => {
    const world = worldOf(stack, await render(stack));
    const pods = world.endpoints.filter(({ namespace }) => namespace !== undefined);
    // A pod reaches itself whatever policies say.
    const pairs = pairsOf(world).filter(({ from, to }) => from !== to && pods.includes(from) && pods.includes(to));
    const families = dualStack(cluster) ? (["IPv4", "IPv6"] as const) : (["IPv4"] as const);
    trials = families.flatMap((family) => pairs.map((pair) => ({ ...pair, family })));
    await prepareNamespaces(world, pods);
    // Without policies first: a pair that fails then has no listener, and its refusal would prove nothing.
    await inTurns(pods, (pod) => api.apply(podOf(pod, pods.indexOf(pod))));
    for (const pod of pods) addresses.set(pod, await addressesOf(pod, pods.indexOf(pod)));
    const silent = await refusedOf(await refusedOf(trials));
    assert.deepEqual(silent.map(trialLine), [], "every pod listens before there are policies");
    await inTurns(world.policies, ({ metadata: { namespace, name }, spec }) =>
      api.apply({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { namespace, name }, spec }),
    );
  });

  it("a pod reaches what the table names, and nothing else, over each family", async () => {
    const sure = trials.filter((trial) => verdict(trial) !== "spare");
    const wrongOf = async (tried: readonly Trial[]): Promise<readonly Trial[]> => {
      const refused = new Set(await refusedOf(tried));
      return tried.filter((trial) => refused.has(trial) !== (verdict(trial) === "refused"));
    };
    // A second time, because nodes follow policies within a second and a busy listener may miss a call.
    const wrong = await wrongOf(await wrongOf(sure));
    const lines = wrong.map((trial) => `${trialLine(trial)} is to be ${verdict(trial)}`);
    assert.deepEqual(lines, []);
    const counts = ["needed", "refused"].map((one) => sure.filter((trial) => verdict(trial) === one).length);
    assert.ok(
      counts.every((count) => count > 50),
      `needed and refused: ${counts.join(", ")}`,
    );
  });

  /** Those whose connection fails, tried from each pod by one script. */
  async function refusedOf(tried: readonly Trial[]): Promise<readonly Trial[]> {
    const refused: Trial[] = [];
    const pods = [...addresses.keys()];
    await inTurns(pods, async (from) => {
      const own = tried.filter((trial) => trial.from === from);
      if (own.length === 0) return;
      const targets = own.map(
        ({ to, port, family }) => `${addresses.get(to)?.[family === "IPv4" ? 0 : 1] ?? "none"}:${port}`,
      );
      const said = await kubectl(
        ...[
          "-n",
          from.namespace ?? "",
          "exec",
          nameOf(pods.indexOf(from)),
          "--",
          "bash",
          "-c",
          trying,
          "bash",
          ...targets,
        ],
      );
      const open = new Set(said.split("\n"));
      refused.push(...own.filter((_, at) => !open.has(targets[at] ?? "")));
    });
    return refused;
  }
});

const trialLine = (trial: Trial): string => `${lineOf(trial)} over ${trial.family}`;

const verdict = ({ from, to, port }: Pair): string => expected(stack, from, to, port);

/** Prints which of its arguments, `address:port`, can be connected to, all tried at once. */
const trying = 'for at; do { nc -z -w 4 "${at%:*}" "${at##*:}" && echo "$at"; } 2>/dev/null & done; wait';

/** The namespaces with their labels, and their accounts, without which no pod is admitted. */
async function prepareNamespaces({ endpoints, policies }: World, pods: readonly Endpoint[]): Promise<void> {
  const labels = new Map(endpoints.map(({ namespace = "", namespaceLabels }) => [namespace, namespaceLabels]));
  // A policy may be where the stack has no pod, as that of an ingress controller.
  const places = [
    ...pods.map(({ namespace = "" }) => namespace),
    ...policies.map(({ metadata }) => metadata.namespace),
  ];
  for (const name of new Set(places)) {
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: labels.get(name) ?? {} } });
    await eventually(
      `the service account of ${name}`,
      () => api.find(`/api/v1/namespaces/${name}/serviceaccounts/default`),
      (account) => account !== undefined,
    );
  }
}

const nameOf = (index: number): string => `pod-${index}`;

/** A pod that listens on the workload's ports and waits. */
function podOf({ namespace, labels, ports }: Endpoint, index: number): KubeObject {
  const numbers = [...new Set(ports.map(({ containerPort }) => containerPort))];
  const own = dualStack(cluster) ? ["0.0.0.0", "::"] : ["0.0.0.0"];
  const listeners = numbers.flatMap((port) => own.map((at) => `nc -lkd ${at} ${port} >/dev/null &`)).join(" ");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: nameOf(index), namespace: namespace ?? "", labels },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "light",
          image: "orrery.lab/tools:1",
          command: ["sh", "-c", `${listeners} exec sleep infinity`],
          ports: ports.map(({ name, containerPort }) => ({ containerPort, ...(name ? { name } : {}) })),
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
async function addressesOf({ namespace = "" }: Endpoint, index: number): Promise<readonly string[]> {
  interface Seen {
    readonly status: {
      readonly podIPs?: readonly { readonly ip: string }[];
      readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    };
  }
  const { status } = await eventually(
    `${namespace}/${nameOf(index)}`,
    () => api.get<Seen>(`/api/v1/namespaces/${namespace}/pods/${nameOf(index)}`),
    (pod) => pod.status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true,
    180,
  );
  return (status.podIPs ?? []).map(({ ip }) => ip);
}

/** Calls a function for each, some at a time. */
async function inTurns<T>(all: readonly T[], act: (one: T) => Promise<unknown>): Promise<void> {
  const left = [...all];
  const worker = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await act(one);
  };
  await Promise.all(Array.from({ length: together }, worker));
}
