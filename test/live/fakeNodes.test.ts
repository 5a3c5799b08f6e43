/** A cluster with simulated nodes next to the lab under test: what they report, start and stop. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import { createLabFolder } from "../../lab/folder.ts";
import { eventually, lab } from "../../lab/harness/cloud.ts";
import { api, kubeApi, type KubeObject, objectsOf, podSpec, podTemplate } from "../../lab/harness/kube.ts";
import { kubernetes, kubernetesEnv } from "../../lab/kubernetes/kubernetes.ts";
import { runningPid } from "../../lab/process.ts";
import { labSettings, root } from "../../lab/settings.ts";
import { ensureToolchain } from "../../lab/toolchain/toolchain.ts";

const namespace = "kubelab-fake";
const object = objectsOf(namespace);
const quiet = (): void => undefined;

describe("a cluster with simulated nodes", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-kubelab-"));
  const ports = lab.firstPort < 32000 ? lab.firstPort + 100 : lab.firstPort - 100;
  const other = labSettings({ ORRERY_LAB: dir, ORRERY_PORTS: String(ports) });
  const there = kubeApi(other);
  let part: ReturnType<typeof kubernetes>;
  let bin: string;
  const seen = <T>(what: string, at: string, accept: (found: T) => boolean): Promise<T> =>
    eventually(what, () => there.get<T>(at), accept, 10);

  before(async () => {
    const toolchain = await ensureToolchain(quiet);
    ({ bin } = toolchain);
    part = kubernetes(toolchain);
    createLabFolder(dir, root);
    await part.up(other, quiet);
    await there.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    await eventually(
      "the service account",
      () => there.find(`/api/v1/namespaces/${namespace}/serviceaccounts/default`),
      (account) => account !== undefined,
    );
  });
  after(async () => {
    await part.down(other);
    rmSync(dir, { recursive: true });
  });

  it("pods are ready at once, and Jobs complete, though nothing runs", async () => {
    const nowhere = { ...podSpec, containers: [{ name: "main", image: "example.org/nothing:1" }] };
    const spec = { replicas: 200, selector: { matchLabels: { app: "web" } }, template: podTemplate("web", nowhere) };
    await there.apply(object("apps/v1", "Deployment", "web", { spec }));
    await there.apply(
      object("batch/v1", "Job", "once", { spec: { template: { spec: { ...nowhere, restartPolicy: "Never" } } } }),
    );
    await eventually(
      "200 pods",
      () => there.get<{ status: { readyReplicas?: number } }>(`/apis/apps/v1/namespaces/${namespace}/deployments/web`),
      ({ status }) => status.readyReplicas === 200,
    );
    const job = `/apis/batch/v1/namespaces/${namespace}/jobs/once`;
    await seen<{ status: { succeeded?: number } }>("the Job", job, ({ status }) => status.succeeded === 1);
  });

  it("a claim is bound, and leaves nothing on this machine", async () => {
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    await there.apply(object("v1", "PersistentVolumeClaim", "data", { spec }));
    const claim = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/data`;
    const bound = await seen<{ spec: { volumeName: string }; status: { phase: string } }>(
      "the claim",
      claim,
      ({ status }) => status.phase === "Bound",
    );
    const volume = await there.get<{ spec: { hostPath: { path: string } } }>(
      `/api/v1/persistentvolumes/${bound.spec.volumeName}`,
    );
    assert.ok(!existsSync(volume.spec.hostPath.path));
  });

  it("kubectl's log says that there are no containers, and exec is refused", async () => {
    const kubectl = async (...args: string[]): Promise<string> => {
      const env = { ...process.env, ...kubernetesEnv(other) };
      return (await promisify(execFile)(path.join(bin, "kube"), ["kubectl", "-n", namespace, ...args], { env })).stdout;
    };
    await there.apply(object("v1", "Pod", "box", { spec: podSpec }));
    const pod = `/api/v1/namespaces/${namespace}/pods/box`;
    await seen<{ status: { phase: string } }>("the pod", pod, ({ status }) => status.phase === "Running");
    assert.match(await kubectl("logs", "box"), /The lab does not run containers/);
    await assert.rejects(kubectl("exec", "box", "--", "true"), /no exec found/);
    // kwok asks nobody; what it would run is off, and needs a stream.
    const exec = `https://127.0.0.1:${other.ports.kwok}/exec/default/pod/container?command=id&output=1`;
    const asked = ["-sk", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", exec];
    assert.equal((await promisify(execFile)("curl", asked)).stdout, "400");
  });

  it("keeps its objects over a restart, loses them on reset, says at once which daemon exits, and leaves nothing behind", async () => {
    const metadata = { name: "note", namespace: "default" };
    const note: KubeObject & { data: object } = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "1" } };
    const notes = "/api/v1/namespaces/default/configmaps/note";
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
    assert.ok(runningPid(lab.dir, "apiserver") !== undefined, "the lab under test still runs");
  });
});
