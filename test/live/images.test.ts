/** The systems of stage on real nodes: every pod runs the image that it names, and the containers answer for themselves. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import { createLabFolder, removeLabFolder } from "../../lab/folder.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import { files } from "../../lab/kubernetes/files.ts";
import { kubernetes } from "../../lab/kubernetes/kubernetes.ts";
import { chooseRealNodes } from "../../lab/kubernetes/nodes/plan.ts";
import { root } from "../../lab/settings.ts";
import { ensureToolchain, toolchainFolders } from "../../lab/toolchain/toolchain.ts";
import { api, applyDeclared, cluster, isDone, openStack, type Pod, up } from "./images/stack.ts";

const quiet = (): void => undefined;

/** Output of kubectl. @throws with its stderr */
async function kubectl(namespace: string, ...args: readonly string[]): Promise<string> {
  const options = { env: { ...process.env, KUBECONFIG: files(cluster).kubeconfig }, timeout: 90_000 };
  const program = path.join(toolchainFolders().bin, "kubectl");
  return (await promisify(execFile)(program, ["-n", namespace, ...args], options)).stdout;
}
const inContainer = (namespace: string, workload: string, ...command: readonly string[]): Promise<string> =>
  kubectl(namespace, "exec", workload, "--", ...command);

/** Pods of a namespace that are neither ready nor at their end, with how they are. */
async function unready(namespace: string): Promise<readonly string[]> {
  const pods = await api.list<Pod>(`/api/v1/namespaces/${namespace}/pods`);
  return pods.filter((pod) => !isDone(pod)).map(({ metadata }) => metadata.name);
}

describe("images on real nodes", function () {
  this.timeout(1_500_000);
  let part: ReturnType<typeof kubernetes>;

  before(async () => {
    const toolchain = await ensureToolchain(quiet);
    part = kubernetes(toolchain);
    await part.down(cluster);
    removeLabFolder(cluster.dir, root);
    createLabFolder(cluster.dir, root);
    chooseRealNodes(cluster, 3);
    await part.up(cluster, console.log);
    const target = await openStack(["packit", "stream", "dials", "thoth"], toolchain);
    const { code, text } = await up(target);
    assert.equal(code, 0, text);
  });
  after(async () => {
    await part.down(cluster);
    removeLabFolder(cluster.dir, root);
  });

  it("every pod of Packit, Stream, DIALS and Thoth is ready, or has done its work", async () => {
    const namespaces = (await api.list("/api/v1/namespaces"))
      .map(({ metadata }) => metadata.name)
      .filter((name) => /^(packit|stream|cms-dials|aicoe|thoth)-/.test(name));
    assert.ok(namespaces.length >= 9, namespaces.join());
    for (const namespace of namespaces) {
      await eventually(
        `the pods of ${namespace}`,
        () => unready(namespace),
        (left) => left.length === 0,
        120,
      );
    }
  });

  it("real programs answer: Redis, PostgreSQL, Celery's workers, gunicorn behind nginx", async () => {
    assert.equal(await inContainer("packit-stg", "deployment/redis", "bash", "-c", "redis-cli ping"), "PONG\n");
    const version = ["psql", "-h", "127.0.0.1", "-U", "postgres", "-Atc", "SHOW server_version"];
    assert.match(await inContainer("packit-stg", "deployment/postgres-12", ...version), /^12\./);
    const ping = ["celery", "--app=python", "inspect", "ping", "--timeout=20"];
    const workers = await inContainer("cms-dials-stage", "deployment/common-indexer", ...ping);
    for (const queue of ["common-indexer", "csc-bulk", "tracker-priority"]) {
      assert.match(workers, new RegExp(`${queue}@\\S+: OK`));
    }
    const ask = ["exec", "deployment/backend", "-c", "backend", "--", "python3", "-c"];
    const host = "cmsdials-stage-api.web.cern.ch";
    const page = `import urllib.request as u; print(u.urlopen(u.Request("http://127.0.0.1:8081/", headers={"Host": "${host}"})).read().decode())`;
    assert.match(await kubectl("cms-dials-stage", ...ask, page), new RegExp(`^stand-in for DIALS' backend on ${host}`));
  });

  it("a stand-in says what it is in its log and on its pages, and reaches its peers with TLS", async () => {
    const log = await kubectl("packit-stg", "logs", "deployment/tokman");
    assert.match(log, /^stand-in for tokman: this is not the real program/);
    assert.match(
      await inContainer("packit-stg", "deployment/tokman", "curl", "-si", "http://127.0.0.1:8000/api/health"),
      /^HTTP\/1\.1 200 OK.*Orrery-Stand-In: tokman.*not the real program/s,
    );
    assert.match(await kubectl("thoth-frontend-stage", "logs", "deployment/user-api"), /reached alpha-public\S*:9080/);
    const rows = await part.health(cluster);
    assert.match(rows.find(({ name }) => name === "stand-ins")?.detail ?? "", /\btokman\b/);
  });

  it("an image by digest is answered by the lab's own, and its pod says so; users are the namespace's", async () => {
    const [pod] = await api.list<Pod>("/api/v1/namespaces/cms-dials-stage/pods?labelSelector=app%3Dredis-web-cache");
    assert.match(pod?.spec.containers[0]?.image ?? "", /redis:sha256-5ea57e4833e8/);
    assert.equal(pod?.metadata.annotations?.["orrery.lab/digests"], "asked for by name in the lab");
    assert.match(await inContainer("cms-dials-stage", "deployment/redis-web-cache", "id"), /^uid=10006\d{5} gid=0/);
  });

  it("a stand-in ends with a line for each violation of its contract", async () => {
    const template = await api.get<{ spec: { template: { spec: Record<string, unknown> } } }>(
      "/apis/apps/v1/namespaces/packit-stg/deployments/tokman",
    );
    const { containers, ...spec } = template.spec.template.spec as { containers: Record<string, unknown>[] };
    const broken = containers.map((container) => ({
      ...container,
      env: [{ name: "BIND_ADDR", value: "127.0.0.1:8000" }],
      volumeMounts: [],
    }));
    await api.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "broken", namespace: "packit-stg" },
      spec: { ...spec, restartPolicy: "Never", containers: broken },
    });
    const message = await eventually(
      "the violations",
      () =>
        kubectl(
          "packit-stg",
          ...["get", "pod", "broken", "-o", "jsonpath={.status.containerStatuses[0].state.terminated.message}"],
        ),
      (text) => text !== "",
    );
    for (const expected of [
      "variable TOKMAN_CONFIG is required and missing",
      "variable BIND_ADDR does not have the form",
      "file /etc/config/config.py is required and missing",
      "file /secrets/private-key.pem is required and missing",
    ]) {
      assert.ok(message.includes(`violation: ${expected}`), message);
    }
    assert.equal(message.includes("127.0.0.1:8000"), false, "values are not printed");
  });

  it("Prow's real programs run: GitHub and Docker Hub are counterparts in the lab", async () => {
    const namespace = "staging-kubevirt-prow";
    await applyDeclared("prow");
    await eventually(
      "Prow's pods",
      () => unready(namespace),
      (pods) => pods.length === 0,
      300,
    );
    const log = async (name: string): Promise<string> => kubectl(namespace, "logs", `deployment/${name}`, "--tail=200");
    assert.match(await log("staging-hook"), /"component":"/);
    assert.match(await log("staging-sinker"), /"component":"/);
  });
});
