/** The lab's Kubernetes alone: workloads, volumes, access, kubectl. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { describe, it } from "mocha";
import { kubernetes, kubernetesEnv } from "../../lab/kubernetes/kubernetes.ts";
import { runningDaemons } from "../../lab/process.ts";
import { ensureToolchain } from "../../lab/toolchain/toolchain.ts";
import { eventually, lab } from "../../lab/harness/cloud.ts";
import {
  api,
  kubeApi,
  KubeError,
  type KubeObject,
  container,
  jobSpec,
  objectsOf,
  podSpec,
  podTemplate,
  appliedStatus,
  useNamespace,
} from "../../lab/harness/kube.ts";

const namespace = "kubelab";
const object = objectsOf(namespace);
const quiet = (): void => undefined;

const deployment = (name: string, spec?: object): KubeObject =>
  object("apps/v1", "Deployment", name, {
    spec: { replicas: 2, selector: { matchLabels: { app: name } }, template: podTemplate(name, spec) },
  });

describe("the lab's Kubernetes", () => {
  useNamespace(namespace);

  it("the cluster is healthy, and a second up starts nothing again", async () => {
    const part = kubernetes(await ensureToolchain(quiet));
    const before = runningDaemons(lab.dir);
    await part.up(lab, quiet);
    assert.deepEqual(runningDaemons(lab.dir), before);
    for (const row of await part.health(lab)) assert.ok(row.healthy, `${row.name}: ${row.detail}`);
  });

  it("Deployments, StatefulSets with their volumes, and Jobs run", async () => {
    const volume = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const claims = [{ metadata: { name: "data" }, spec: volume }];
    await Promise.all([
      appliedStatus<{ readyReplicas?: number }>(deployment("web"), ({ readyReplicas }) => readyReplicas === 2, 30),
      appliedStatus<{ readyReplicas?: number }>(
        object("apps/v1", "StatefulSet", "store", {
          spec: {
            serviceName: "store",
            podManagementPolicy: "Parallel",
            replicas: 2,
            selector: { matchLabels: { app: "store" } },
            template: podTemplate("store"),
            volumeClaimTemplates: claims,
          },
        }),
        ({ readyReplicas }) => readyReplicas === 2,
        30,
      ),
      appliedStatus<{ succeeded?: number }>(
        object("batch/v1", "Job", "once", { spec: { template: { spec: jobSpec() } } }),
        ({ succeeded }) => succeeded === 1,
        30,
      ),
    ]);
  });

  it("a CronJob's jobs run when they are due", async () => {
    const jobTemplate = { spec: { template: { spec: jobSpec() } } };
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

  it("a container that ends makes its Deployment unavailable, and its Job fail", async () => {
    const ending = { ...podSpec, containers: [{ ...container, command: ["sh", "-c", "exit 3"] }] };
    await appliedStatus<{ unavailableReplicas?: number }>(
      deployment("broken", ending),
      (status) => status.unavailableReplicas === 2,
    );
    interface Container {
      readonly restartCount: number;
      readonly lastState: { readonly terminated?: { readonly exitCode: number } };
    }
    type Pod = KubeObject & { readonly status: { readonly containerStatuses?: readonly Container[] } };
    const pods = await eventually(
      "each container's next start",
      () => api.list<Pod>(`/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Dbroken`),
      (seen) => seen.length === 2 && seen.every(({ status }) => (status.containerStatuses?.[0]?.restartCount ?? 0) > 0),
    );
    for (const { status } of pods) assert.equal(status.containerStatuses?.[0]?.lastState.terminated?.exitCode, 3);
    await appliedStatus<{ failed?: number; conditions?: { type: string }[] }>(
      object("batch/v1", "Job", "broken", { spec: { backoffLimit: 0, template: { spec: jobSpec(1) } } }),
      ({ conditions }) => conditions?.some(({ type }) => type === "Failed") === true,
      30,
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
    const { spec: made } = await api.get<{ spec: { capacity: { storage: string } } }>(volume);
    assert.equal(made.capacity.storage, "2Gi");
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
          spec: { containers: [{ ...container, securityContext }] },
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

  it("kubectl runs a command in a container", async () => {
    const box = object("v1", "Pod", "box", { spec: podSpec });
    await appliedStatus<{ phase: string }>(box, ({ phase }) => phase === "Running", 30);
    const { bin } = await ensureToolchain(quiet);
    const asked = ["kubectl", "-n", namespace, "exec", "box", "--", "hostname"];
    const env = { ...process.env, ...kubernetesEnv(lab) };
    assert.equal((await promisify(execFile)(path.join(bin, "kube"), asked, { env })).stdout, "box\n");
  });
});
