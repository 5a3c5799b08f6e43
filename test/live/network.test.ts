/** Who may talk to whom: every pod of the test stack tries every port of every other one, on real nodes with real packets. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { createLabFolder, removeLabFolder } from "../../lab/folder.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import { kubernetes } from "../../lab/kubernetes/kubernetes.ts";
import { chooseRealNodes } from "../../lab/kubernetes/nodes/plan.ts";
import { nodesFor } from "../../lab/nodeChoice.ts";
import { root } from "../../lab/settings.ts";
import { ensureToolchain } from "../../lab/toolchain/toolchain.ts";
import { api, applyDeclared, cluster } from "./images/stack.ts";
import { asleep, needs } from "./network/needs.ts";
import { type Place, podPlaces, routerPlace, tryAll } from "./network/places.ts";

interface Pod extends KubeObject {
  readonly spec: {
    readonly hostNetwork?: boolean;
    readonly containers: readonly { readonly ports?: readonly { readonly containerPort: number }[] }[];
  };
  readonly status: { readonly phase?: string; readonly podIP?: string };
}

/** Ports of the host that stands for the world; nothing listens on 9 anywhere. */
const worldPorts = [9, 22, 80, 88, 443, 5432, 8443];
const world = { app: "world" };
const quiet = (): void => undefined;

/** A pod that sleeps, as strict a namespace as it may be in. */
function sleeper(place: string, labels: Readonly<Record<string, string>>): KubeObject {
  const [namespace = "", name = ""] = place.split("/");
  const securityContext = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
  const locked = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const limits = { cpu: "50m", memory: "64Mi" };
  const container = { image: "orrery.lab/tools:1", command: ["sleep", "infinity"], resources: { limits } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `sleeping-${name}`, namespace, labels },
    spec: {
      securityContext: { ...securityContext, ...(namespace.startsWith("kubernetes") ? { runAsUser: 1000 } : {}) },
      terminationGracePeriodSeconds: 0,
      containers: [{ ...container, name: "shell", securityContext: locked }],
    },
  };
}

/** `namespace/workload` of a pod, by what made it. */
function workloadOf({ metadata }: Pod): string {
  const [owner] = (metadata.ownerReferences ?? []) as readonly { readonly kind: string; readonly name: string }[];
  const name =
    owner === undefined
      ? metadata.name.replace(/^sleeping-/, "")
      : owner.kind === "ReplicaSet"
        ? owner.name.replace(/-[^-]+$/, "")
        : owner.name;
  return `${metadata.namespace ?? ""}/${name}`;
}

describe("network policies of the test stack", function () {
  this.timeout(1_500_000);
  let part: ReturnType<typeof kubernetes>;
  const callers = new Map<string, Place>();
  const targets = new Map<string, readonly [string, number]>();

  before(async () => {
    part = kubernetes(await ensureToolchain(quiet));
    await part.down(cluster);
    removeLabFolder(cluster.dir, root);
    createLabFolder(cluster.dir, root);
    chooseRealNodes(cluster, nodesFor("test"));
    await part.up(cluster, quiet);
    await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "world" } });
    for (const system of ["packit", "stream", "dials", "prow", "thoth"]) await applyDeclared(system, "test");
    for (const [place, labels] of Object.entries(asleep)) await api.apply(sleeper(place, labels));
    await api.apply(sleeper("world/host", world));
    const pods = await eventually(
      "an address for every pod",
      () => api.list<Pod>("/api/v1/pods"),
      (all) => all.every(({ status }) => status.phase === "Succeeded" || status.podIP !== undefined),
      600,
    );
    const places = await podPlaces(cluster);
    for (const pod of pods) {
      const place = places.get(pod.status.podIP ?? "");
      const namespace = pod.metadata.namespace ?? "";
      if (place === undefined || pod.spec.hostNetwork === true || namespace === "kube-system") continue;
      const name = workloadOf(pod);
      const ports =
        name === "world/host"
          ? worldPorts
          : [9, ...pod.spec.containers.flatMap((one) => (one.ports ?? []).map(({ containerPort }) => containerPort))];
      for (const port of ports) {
        const target = name === "world/host" ? `world:${port}` : `${name}:${port}`;
        if (!targets.has(target)) targets.set(target, [pod.status.podIP ?? "", port]);
      }
      if (name !== "world/host" && !callers.has(name)) callers.set(name, place);
    }
    callers.set("router", routerPlace(cluster));
    const { spec } = await api.get<{ spec: { clusterIP: string } }>("/api/v1/namespaces/default/services/kubernetes");
    targets.set("api", [spec.clusterIP, 443]);
  });
  after(async () => {
    await part.down(cluster);
    removeLabFolder(cluster.dir, root);
  });

  it("the tables name pods and ports that exist", () => {
    const named = Object.entries(needs).flatMap(([caller, called]) => [caller, ...called]);
    assert.deepEqual(
      [...new Set(named)].filter((name) => !callers.has(name) && !targets.has(name)),
      [],
    );
    assert.ok(callers.size > 50, `${callers.size} callers`);
  });

  it("every call that a program makes is let through, and every other one is refused", async () => {
    const wrong: string[] = [];
    const waiting = [...callers];
    const tryNext = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [caller, place] = next;
        const needed = new Set(needs[caller] ?? []);
        // A pod reaches itself, and the namespace "world" stands for hosts that call as they like.
        let unsure = [...targets].filter(([target]) => !target.startsWith(`${caller}:`) && !isFree(caller, target));
        // A busy machine may lose packets, and policies take a moment: only what is wrong twice is wrong.
        for (let round = 0; round < 2 && unsure.length > 0; round++) {
          const reached = await tryAll(
            place,
            unsure.map(([, address]) => address),
          );
          unsure = unsure.filter(([target], index) => reached[index] !== needed.has(target));
        }
        wrong.push(
          ...unsure.map(([target]) => `${caller} -> ${target} ${needed.has(target) ? "is refused" : "is let through"}`),
        );
      }
    };
    await Promise.all(Array.from({ length: 4 }, tryNext));
    assert.deepEqual(wrong.sort(), []);
  });
});

/** Calls that no policy of the stack decides. */
const isFree = (caller: string, target: string): boolean =>
  (caller === "world/stranger" || caller === "router") && (/^world[:/]/.test(target) || target === "api");
