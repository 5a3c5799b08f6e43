/** The lab's Kubernetes alone: workloads, volumes, access, kubectl, start and stop. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { describe, it } from "mocha";
import { kubernetes, kubernetesEnv } from "../../lab/kubernetes/kubernetes.ts";
import { runningPid } from "../../lab/process.ts";
import { createLabFolder } from "../../lab/folder.ts";
import { labSettings, root } from "../../lab/settings.ts";
import { ensureToolchain } from "../../lab/toolchain/toolchain.ts";
import { eventually, lab } from "../../lab/harness/cloud.ts";
import {
  api,
  kubeApi,
  KubeError,
  type KubeObject,
  objectsOf,
  podSpec,
  podTemplate,
  appliedStatus,
  useNamespace,
} from "../../lab/harness/kube.ts";

const namespace = "kubelab";
const object = objectsOf(namespace);
const quiet = (): void => undefined;

const deployment = (name: string, fail = false): KubeObject =>
  object("apps/v1", "Deployment", name, {
    spec: { replicas: 2, selector: { matchLabels: { app: name } }, template: podTemplate(name, fail) },
  });

describe("the lab's Kubernetes", () => {
  useNamespace(namespace);

  it("the cluster is healthy, and a second up recognises that at once", async () => {
    const part = kubernetes(await ensureToolchain(quiet));
    const began = Date.now();
    await part.up(lab, quiet);
    assert.ok(Date.now() - began < 3000, `up took ${Date.now() - began} ms`);
    for (const row of await part.health(lab)) assert.ok(row.healthy, `${row.name}: ${row.detail}`);
  });

  it("Deployments, StatefulSets with their volumes, and Jobs run", async () => {
    const volume = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const claims = [{ metadata: { name: "data" }, spec: volume }];
    await Promise.all([
      appliedStatus<{ readyReplicas?: number }>(deployment("web"), ({ readyReplicas }) => readyReplicas === 2),
      appliedStatus<{ readyReplicas?: number }>(
        object("apps/v1", "StatefulSet", "store", {
          spec: {
            serviceName: "store",
            replicas: 2,
            selector: { matchLabels: { app: "store" } },
            template: podTemplate("store"),
            volumeClaimTemplates: claims,
          },
        }),
        ({ readyReplicas }) => readyReplicas === 2,
      ),
      appliedStatus<{ succeeded?: number }>(
        object("batch/v1", "Job", "once", { spec: { template: { spec: { ...podSpec, restartPolicy: "Never" } } } }),
        ({ succeeded }) => succeeded === 1,
      ),
    ]);
  });

  it("a CronJob's jobs run when they are due", async () => {
    const jobTemplate = { spec: { template: { spec: { ...podSpec, restartPolicy: "Never" } } } };
    await api.apply(object("batch/v1", "CronJob", "minutely", { spec: { schedule: "* * * * *", jobTemplate } }));
    // As if it had last run two minutes ago, so that the test does not wait for the next minute.
    const lastScheduleTime = new Date(Date.now() - 120_000).toISOString().replace(/\.\d+/, "");
    const cronJob = `/apis/batch/v1/namespaces/${namespace}/cronjobs/minutely`;
    await api.patch(`${cronJob}/status`, { status: { lastScheduleTime } });
    await eventually(
      "a job of the CronJob",
      () => api.get<{ status: { lastSuccessfulTime?: string } }>(cronJob),
      ({ status }) => status.lastSuccessfulTime !== undefined,
    );
  });

  it("pods fail on request", async () => {
    await appliedStatus<{ unavailableReplicas?: number }>(
      deployment("broken", true),
      (status) => status.unavailableReplicas === 2,
    );
    const pods = await eventually(
      "the failing pods",
      () =>
        api.list<{ status: { containerStatuses?: { state: { waiting?: { reason: string } } }[] } }>(
          `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Dbroken`,
        ),
      (seen) => seen.length === 2 && seen.every(({ status }) => status.containerStatuses !== undefined),
    );
    for (const { status } of pods)
      assert.equal(status.containerStatuses?.[0]?.state.waiting?.reason, "CrashLoopBackOff");
    const failing = { ...podTemplate("broken-job", true), spec: { ...podSpec, restartPolicy: "Never" } };
    await appliedStatus<{ failed?: number; conditions?: { type: string }[] }>(
      object("batch/v1", "Job", "broken", { spec: { backoffLimit: 0, template: failing } }),
      ({ conditions }) => conditions?.some(({ type }) => type === "Failed") === true,
    );
  });

  it("a claim is bound, can grow, and its volume is deleted with it", async () => {
    interface Claim {
      readonly phase: string;
      readonly capacity?: { readonly storage: string };
    }
    const claim = (storage: string): KubeObject =>
      object("v1", "PersistentVolumeClaim", "data", {
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
      });
    await appliedStatus<Claim>(claim("1Gi"), ({ phase }) => phase === "Bound");
    await appliedStatus<Claim>(claim("2Gi"), ({ capacity }) => capacity?.storage === "2Gi");
    const { spec } = await api.get<{ spec: { volumeName: string } }>(
      `/api/v1/namespaces/${namespace}/persistentvolumeclaims/data`,
    );
    const volume = `/api/v1/persistentvolumes/${spec.volumeName}`;
    const { spec: made } = await api.get<{ spec: { capacity: { storage: string }; hostPath: { path: string } } }>(
      volume,
    );
    assert.equal(made.capacity.storage, "2Gi");
    assert.ok(!existsSync(made.hostPath.path), "a claim leaves nothing on this machine");
    await api.delete(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/data`);
    await eventually(
      "the volume's end",
      () => api.find(volume),
      (seen) => seen === undefined,
      10,
    );
  });

  describe("a namespace that enforces the restricted standard", () => {
    const restricted = "kubelab-restricted";
    useNamespace(restricted, { "pod-security.kubernetes.io/enforce": "restricted" });

    it("a restricted namespace refuses a privileged pod and accepts one without privileges", async () => {
      const run = (securityContext: object) =>
        api.post(`/api/v1/namespaces/${restricted}/pods`, {
          metadata: { name: "app" },
          spec: { containers: [{ ...podSpec.containers[0], securityContext }] },
        });
      await assert.rejects(run({ privileged: true }), /violates PodSecurity "restricted:latest": privileged/);
      const given = { allowPrivilegeEscalation: false, runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
      await run({ ...given, capabilities: { drop: ["ALL"] } });
    });
  });

  it("a service account's token Secret is filled, and the token may do what RBAC grants", async () => {
    const metadata = { name: "bot-token", namespace, annotations: { "kubernetes.io/service-account.name": "bot" } };
    await api.apply(object("v1", "ServiceAccount", "bot", {}));
    await api.apply({ apiVersion: "v1", kind: "Secret", metadata, type: "kubernetes.io/service-account-token" });
    const { data } = await eventually(
      "the token",
      () => api.get<{ data?: Record<string, string> }>(`/api/v1/namespaces/${namespace}/secrets/bot-token`),
      (secret) => secret.data?.token !== undefined,
    );
    assert.deepEqual(Object.keys(data ?? {}).sort(), ["ca.crt", "namespace", "token"]);
    const bot = kubeApi(lab, Buffer.from(data?.token ?? "", "base64").toString());
    const forbidden = (error: unknown): boolean => error instanceof KubeError && error.status === 403;
    const routes = `/apis/route.openshift.io/v1/namespaces/${namespace}/routes`;
    await assert.rejects(bot.list(routes), forbidden);
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" };
    const subjects = [{ kind: "ServiceAccount", name: "bot", namespace }];
    await api.apply(object("rbac.authorization.k8s.io/v1", "RoleBinding", "bot", { roleRef, subjects }));
    await eventually(
      "the role's effect",
      () => bot.list(routes).catch(() => undefined),
      (list) => list !== undefined,
      10,
    );
    await assert.rejects(bot.list("/api/v1/nodes"), forbidden);
  });

  it("simulated pods have no containers: kubectl's log says so, and exec is refused", async () => {
    const { bin } = await ensureToolchain(quiet);
    const kubectl = async (...args: string[]): Promise<string> => {
      const env = { ...process.env, ...kubernetesEnv(lab) };
      return (await promisify(execFile)(path.join(bin, "kube"), ["kubectl", "-n", namespace, ...args], { env })).stdout;
    };
    const pod = object("v1", "Pod", "box", { spec: podSpec });
    await appliedStatus<{ phase: string }>(pod, ({ phase }) => phase === "Running");
    assert.match(await kubectl("logs", "box"), /The lab does not run containers/);
    await assert.rejects(kubectl("exec", "box", "--", "true"), /no exec found/);
    await assert.rejects(api.list(`/apis/kwok.x-k8s.io/v1alpha1/namespaces/${namespace}/execs`), /could not find|404/);
  });

  it("two labs run next to each other; one keeps its objects over a restart, loses them on reset, says at once which daemon exits, and leaves nothing behind", async () => {
    const dir = mkdtempSync(path.join(tmpdir(), "orrery-kubelab-"));
    const ports = lab.firstPort < 32000 ? lab.firstPort + 100 : lab.firstPort - 100;
    const other = labSettings({ ORRERY_LAB: dir, ORRERY_PORTS: String(ports) });
    const part = kubernetes(await ensureToolchain(quiet));
    const there = kubeApi(other);
    const note = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "note", namespace: "default" },
      data: { a: "1" },
    };
    const notes = "/api/v1/namespaces/default/configmaps/note";
    try {
      createLabFolder(dir, root);
      await part.up(other, quiet);
      await there.apply(note);
      assert.equal(await api.find(notes), undefined, "the other lab's object is not in this one");
      await part.down(other);
      assert.ok((await part.health(other)).every(({ healthy }) => !healthy));
      assert.deepEqual(readdirSync(path.join(dir, "run")), []);
      await part.up(other, quiet);
      assert.deepEqual((await there.get<typeof note>(notes)).data, note.data);
      await part.reset(other, quiet);
      assert.equal(await there.find(notes), undefined);
      // The controllers pass their health check, and exit over a node whose pods are out of the cluster's range.
      const spec = { podCIDR: "100.64.2.0/23", podCIDRs: ["100.64.2.0/23"] };
      await there.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "stranger" }, spec });
      await part.down(other);
      await assert.rejects(part.up(other, quiet), /^Error: controllers exited during its start: .* out the range/);
    } finally {
      await part.down(other);
      rmSync(dir, { recursive: true });
    }
    assert.ok(runningPid(lab.dir, "apiserver") !== undefined, "this lab's own server still runs");
  });
});
