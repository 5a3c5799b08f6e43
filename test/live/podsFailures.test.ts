/** Rollouts that cannot work, on real nodes: what `lab apply` says while Pulumi waits. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import { withFailures } from "../../lab/rollout.ts";
import { api, cluster, namespace, useRealNodes } from "./pods/cluster.ts";
import { shell } from "./pods/objects.ts";

type Running = KubeObject & { readonly spec: { readonly containers: readonly object[] } };

/** The waiting pod with another container or other fields. */
function failing(name: string, container: object, more: object = {}): KubeObject {
  const pod = shell(name, "node-0") as Running;
  return {
    ...pod,
    spec: { ...pod.spec, containers: [{ ...pod.spec.containers[0], ...container }], ...more },
  };
}
const sh = (script: string) => ({ command: ["sh", "-c", script] });

describe("rollouts that cannot work", () => {
  useRealNodes(1);

  it("each is named once with pod, container and the container's own last words, within a minute; what runs is not", async () => {
    const bad = {
      exec: { command: ["sh", "-c", "echo not yet >&2; exit 3"] },
      periodSeconds: 1,
      failureThreshold: 100,
    };
    const key = { secretKeyRef: { name: "settings", key: "password" } };
    await api.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "settings", namespace },
      stringData: { user: "a" },
    });
    const lost = { volumes: [{ name: "lost", secret: { secretName: "lost" } }] };
    for (const pod of [
      shell("works", "node-0"),
      failing("image", { image: "quay.io/orrery/nothing:1" }),
      failing("key", { env: [{ name: "PASSWORD", valueFrom: key }] }),
      failing("command", { command: ["no-such-command"] }),
      failing("exit", sh("echo the database is not there >&2; exit 7")),
      failing("probe", { ...sh("echo waiting for a leader; sleep 1000"), readinessProbe: bad }),
      failing("readonly", sh("echo data >/var/state")),
      failing("volume", { volumeMounts: [{ name: "lost", mountPath: "/lost" }] }, lost),
      failing("placed", {}, { nodeSelector: { "kubernetes.io/hostname": "nowhere" } }),
    ]) {
      await api.apply(pod);
    }
    const expected = [
      /^pods\/image, container shell: (ErrImagePull|ImagePullBackOff): .*quay\.io\/orrery\/nothing:1/,
      /^pods\/key, container shell: CreateContainerConfigError: couldn't find key password in Secret pods\/settings$/,
      /^pods\/command, container shell: .*no-such-command/,
      /^pods\/exit, container shell: ended with exit code 7.*\n {4}the database is not there$/,
      /^pods\/probe, container shell: Readiness probe failed: not yet\n {4}waiting for a leader$/,
      /^pods\/readonly, container shell: ended with exit code 1.*\n {4}.*Read-only file system$/,
      /^pods\/volume: MountVolume\.SetUp failed for volume "lost".*secret "lost" not found/,
      /^pods\/placed: no node takes it: .*node affinity\/selector/,
    ];
    const told: string[] = [];
    const all = (): boolean => expected.every((one) => told.some((text) => one.test(text)));
    await withFailures(
      cluster,
      (text) => {
        told.push(text);
      },
      () => eventually("all reasons", () => Promise.resolve(told), all, 60),
    );
    assert.equal(told.length, expected.length, told.join("\n"));
  });
});
