/**
 * Packit of stack `test` at work on real nodes: from a webhook or a bus' message to what a person sees, asserted at GitHub, in
 * PostgreSQL, at the cluster's API and on a page. Packit's own code is stood in for; servers, brokers and libraries are real.
 */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "node:tls";
import { after, before, describe, it } from "mocha";
import { crash } from "../../lab/demo/crash.ts";
import { runCronJob } from "../../lab/demo/cronJobs.ts";
import { demoSettings, removeCluster, startCluster } from "../../lab/demo/cluster.ts";
import { kubectl } from "../../lab/demo/kubectl.ts";
import { type PackitAtWork, deployPackit } from "../../lab/demo/packit/deploy.ts";
import { dashboardOf, proposeAndWait, statusAt, topics } from "../../lab/demo/packit/packit.ts";
import {
  counted,
  forge,
  inSandboxes,
  later,
  leaveVolume,
  publishToCentos,
  publishToFedora,
  taskOf,
  tasks,
} from "../../lab/demo/packit/steps.ts";
import { ask } from "../../lab/demo/outside.ts";
import { takePictures } from "../../lab/demo/pictures.ts";
import { until } from "../../lab/demo/until.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { kubeApi, type KubeObject } from "../../lab/kubernetes/api.ts";
import { nodeNetwork } from "../../lab/kubernetes/nodes/plan.ts";
import { authorityFile, certificateFor } from "../../lab/kubernetes/router/certificates.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import type { Run } from "../../lab/pulumi.ts";
import { askServer } from "./packit/onNodes.ts";

const quiet = (): void => undefined;

interface Container {
  readonly containerID?: string;
  readonly ready: boolean;
  readonly restartCount: number;
}

interface Pod extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly uid: string };
  readonly status: {
    readonly phase?: string;
    readonly containerStatuses?: readonly Container[];
  };
}

interface Workload extends KubeObject {
  readonly spec: {
    readonly template: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
  };
}

interface Stream extends KubeObject {
  readonly status: { readonly tags: readonly { readonly items: readonly { readonly image: string }[] }[] };
}

describe("Packit at work", function () {
  this.timeout(900_000);
  const cluster = demoSettings(lab);
  const api = kubeApi(cluster);
  let run: Run;
  let packit: PackitAtWork;

  before(async () => {
    await installPackages(["chromium"], quiet);
    await removeCluster(cluster, quiet);
    run = await startCluster(cluster, quiet);
    packit = await deployPackit(run);
  });
  after(() => removeCluster(cluster, quiet));

  const sql = (query: string): Promise<string> => askServer(run, packit.namespace, "postgres-12", query, "packit");

  /** Until every workload runs what it declares now and nothing that is ending, and the router leads to it. */
  const rolledOut = async (): Promise<void> => {
    const names = await kubectl(run, packit.namespace, ["get", "deployments,statefulsets", "--output=name"]);
    for (const name of names.trim().split("\n")) {
      await kubectl(run, packit.namespace, ["rollout", "status", name, "--timeout=110s"]);
    }
    await until("the end of the old pods", 120, async () => {
      const pods = await api.list<Pod>(`/api/v1/namespaces/${packit.namespace}/pods`);
      return pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined) ? undefined : true;
    });
    await until("the service's answer", 60, async () => {
      const { status } = await ask(cluster, `https://${packit.hosts.service}/api/healthz`);
      return status === 200 ? true : undefined;
    });
  };

  /** Uids of the pods of each component, as text. */
  const uidsByComponent = async (): Promise<ReadonlyMap<string, string>> => {
    const uids = new Map<string, string>();
    for (const { metadata } of await api.list<Pod>(`/api/v1/namespaces/${packit.namespace}/pods`)) {
      const component = metadata.labels?.name;
      if (component !== undefined) uids.set(component, `${uids.get(component) ?? ""} ${metadata.uid}`);
    }
    return uids;
  };

  /** Fingerprint of the certificate that a host shows through the router. */
  const shownBy = (servername: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = {
        host: nodeNetwork(cluster).ingress,
        port: 443,
        servername,
        ca: readFileSync(authorityFile(cluster)),
      };
      const socket = connect(options, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.end();
      });
      socket.on("error", reject);
    });

  it("a pull request's signed webhook becomes a row of PostgreSQL 12 by Route, service, Redis and worker, and a status at GitHub by tokman's token", async () => {
    const { pull, event, build } = await proposeAndWait(run, packit);
    assert.equal(event.output, "status pending at GitHub, with tokman's token");
    assert.match(event.worker, /@packit-worker-0$/);
    assert.match(build.output, /^uid [1-9]\d+ in sandcastle-/, "a user of the sandboxes' namespace, not root");
    const status = await statusAt(packit, pull);
    assert.equal(status.state, "success");
    assert.match(await sql("SHOW server_version"), /^12\./);
    const query = `SELECT count(*) FROM stand_in_tasks WHERE subject = '${event.subject}' AND state = 'done'`;
    assert.equal(await sql(query), "2");
  });

  it("the sandbox is gone afterwards, with its volume", async () => {
    const left = async (): Promise<readonly string[]> => [
      ...(await inSandboxes(api, packit, "pods")),
      ...(await inSandboxes(api, packit, "persistentvolumeclaims")),
    ];
    const rest = await until("the sandbox's end", 60, async () => {
      const found = (await left()).filter((name) => name.startsWith("sandcastle--"));
      return found.length === 0 ? found : undefined;
    });
    assert.deepEqual(rest, []);
  });

  it("a webhook with a wrong signature is refused, and nothing is queued", async () => {
    assert.equal(await forge(cluster, packit, "not the secret"), 401);
    assert.ok((await tasks(cluster, packit)).every(({ event_type }) => event_type !== "issues"));
  });

  it("a message of Fedora's bus becomes a task; one about somebody else's build does not", async () => {
    await publishToFedora(run, topics.fedora, { user: "somebody", what: "not ours" });
    await publishToFedora(run, topics.fedora, { user: "packit", what: "ours" });
    const { event_type } = await taskOf(cluster, packit, { source: "fedora-messaging", subject: "ours" });
    assert.equal(event_type, "copr.build.end");
    assert.ok((await tasks(cluster, packit)).every(({ subject }) => subject !== "not ours"));
  });

  it("a message of CentOS' bus becomes a task; one of another subtopic does not", async () => {
    await publishToCentos(run, packit, "git.stg.centos.org/issue.new", { subject: "an issue" });
    await publishToCentos(run, packit, topics.centos, { subject: "a pull request" });
    const { event_type } = await taskOf(cluster, packit, { source: "centosmsg", subject: "a pull request" });
    assert.equal(event_type, topics.centos);
    assert.ok((await tasks(cluster, packit)).every(({ subject }) => subject !== "an issue"));
  });

  it("beat's schedule becomes tasks, again and again", async () => {
    const { times } = await taskOf(cluster, packit, { source: "beat" });
    await until("beat's next task", 90, async () =>
      (await taskOf(cluster, packit, { source: "beat" })).times > times ? true : undefined,
    );
  });

  it("the workers' metrics are read through the gateway and nginx; writing is refused", async () => {
    const count = await until("the workers' metrics", 60, () => counted(cluster, packit, "github"));
    assert.ok(count >= 1, String(count));
    const address = `https://${packit.hosts.metrics}/metrics`;
    assert.equal((await ask(cluster, address, { method: "POST", body: "a 1\n" })).status, 405);
  });

  it("the cleanup's job deletes a volume that a worker left half an hour ago, and no younger one", async () => {
    const volume = await leaveVolume(run, packit);
    const job = { namespace: packit.sandboxes, cronJob: "delete-pvcs" };
    await runCronJob(api, job);
    assert.ok((await inSandboxes(api, packit, "persistentvolumeclaims")).includes(volume), "it is too young");
    await runCronJob(api, job, { env: later(31) });
    const kept = await until("the volume's end", 60, async () => {
      const all = await inSandboxes(api, packit, "persistentvolumeclaims");
      return all.includes(volume) ? undefined : all;
    });
    assert.deepEqual(kept, ["sandcastle-repository-cache-packit-worker-0"]);
  });

  it("the dashboard's page asks the API in a browser and shows the tasks", async () => {
    const { build } = await proposeAndWait(run, packit);
    const url = dashboardOf(packit);
    assert.match((await ask(cluster, url)).body, /stand-in/);
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-packit-"));
    try {
      const [picture = ""] = await takePictures(cluster, folder, [{ name: "packit", url, shows: build.output }]);
      assert.ok(statSync(picture).size > 5000, picture);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("no container had to start again", async () => {
    const pods = await api.list<Pod>(`/api/v1/namespaces/${packit.namespace}/pods`);
    const restarted = pods.filter(({ status }) =>
      status.containerStatuses?.some(({ restartCount }) => restartCount > 0),
    );
    assert.deepEqual(
      restarted.map(({ metadata }) => metadata.name),
      [],
    );
  });

  it("a renewed certificate replaces the pods that mount its Secret and no others, and is what is served then", async () => {
    const before = await uidsByComponent();
    const file = await certificateFor(cluster, packit.hosts.service);
    const [old, shown] = [new X509Certificate(readFileSync(file)).fingerprint256, await shownBy(packit.hosts.service)];
    assert.equal(shown, old);
    rmSync(file); // the next deployment gets another one
    await deployPackit(run);
    await rolledOut();
    const replaced = [...(await uidsByComponent())].filter(([name, uids]) => uids !== before.get(name));
    // The worker's keytab is in the same Secret.
    const expected = ["nginx", "packit-dashboard", "packit-service", "packit-worker"];
    assert.deepEqual(replaced.map(([name]) => name).sort(), expected);
    const renewed = new X509Certificate(readFileSync(file)).fingerprint256;
    assert.notEqual(renewed, old);
    for (const host of Object.values(packit.hosts)) assert.equal(await shownBy(host), renewed, host);
  });

  it("the import's job writes the streams' digests into the workloads, which roll once", async () => {
    const job = { namespace: packit.namespace, cronJob: "import-images" };
    const at = `/apis/apps/v1/namespaces/${packit.namespace}/deployments/packit-service`;
    await runCronJob(api, job);
    const stream = `/apis/image.openshift.io/v1/namespaces/${packit.namespace}/imagestreams/packit-service`;
    const digest = (await api.get<Stream>(stream)).status.tags[0]?.items[0]?.image;
    const rolled = await api.get<Workload>(at);
    assert.equal(rolled.spec.template.metadata.annotations?.["orrery/image"], digest);
    await runCronJob(api, job);
    assert.equal(
      (await api.get(at)).metadata.generation,
      rolled.metadata.generation,
      "the same digest changes nothing",
    );
    await rolledOut();
    await proposeAndWait(run, packit);
  });

  it("whatever program crashes comes back, and goes on with what it did: the schedule, both buses, pull requests", async () => {
    const at = `/api/v1/namespaces/${packit.namespace}/pods`;
    const containers = async (): Promise<readonly Container[]> =>
      (await api.list<Pod>(at))
        .filter(({ metadata, status }) => status.phase === "Running" && metadata.labels?.["job-name"] === undefined)
        .flatMap(({ status }) => status.containerStatuses ?? []);
    const before = await containers();
    for (const { containerID = "" } of before) crash(containerID);
    const crashed = before.map(({ containerID }) => containerID);
    await until("all programs again", 300, async () => {
      const now = await containers();
      const back = now.filter(({ containerID, ready }) => ready && !crashed.includes(containerID));
      return now.length === before.length && back.length === before.length ? true : undefined;
    });
    const { times } = await taskOf(cluster, packit, { source: "beat" });
    await until("beat's next task", 120, async () =>
      (await taskOf(cluster, packit, { source: "beat" })).times > times ? true : undefined,
    );
    await publishToFedora(run, topics.fedora, { user: "packit", what: "after the crash" });
    await publishToCentos(run, packit, topics.centos, { subject: "after the crash, too" });
    await taskOf(cluster, packit, { source: "fedora-messaging", subject: "after the crash" });
    await taskOf(cluster, packit, { source: "centosmsg", subject: "after the crash, too" });
    await proposeAndWait(run, packit);
  });
});
