/** Jobs by schedule and with a deadline, disruption budgets, and volumes that pods share or that outlive their claims. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import { files, volumesFolder } from "../../lab/kubernetes/files.ts";
import { api, cluster, inPod, kubectl, namespace, useRealNodes } from "./pods/cluster.ts";
import { claim, endless, everyMinute, guarded, keeping, makeReady, untilTold, withClaim } from "./pods/batch.ts";

interface Pod extends KubeObject {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

interface Job extends KubeObject {
  readonly metadata: KubeObject["metadata"] & {
    readonly creationTimestamp: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly status: {
    readonly active?: number;
    readonly startTime?: string;
    readonly completionTime?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly lastTransitionTime: string;
    }[];
  };
}

interface Volume extends KubeObject {
  readonly status: { readonly phase: string };
}

const core = `/api/v1/namespaces/${namespace}`;
const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
const selected = (selector: string): Promise<readonly Pod[]> =>
  api.list<Pod>(`${core}/pods?labelSelector=${encodeURIComponent(selector)}`);
const is = ({ status }: Pod | Job, condition: string) =>
  status.conditions?.find(({ type, status: state }) => type === condition && state === "True");
const ready = (...pods: readonly string[]): Promise<string> =>
  kubectl("wait", ...pods.map((name) => `pod/${name}`), "--for=condition=Ready", "--timeout=60s");

/** The Jobs that a CronJob made, oldest first. */
const jobsOf = async (cronJob: string): Promise<readonly Job[]> =>
  (await api.list<Job>(jobs))
    .filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ kind, name }) => kind === "CronJob" && name === cronJob),
    )
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));

/** What the cluster says of a CronJob with a reason. */
const messages = async (cronJob: string, reason: string): Promise<readonly string[]> => {
  const about = `involvedObject.kind=CronJob,involvedObject.name=${cronJob},reason=${reason}`;
  const events = await api.list<{ readonly message: string }>(
    `${core}/events?fieldSelector=${encodeURIComponent(about)}`,
  );
  return events.map(({ message }) => message);
};

describe("jobs, disruptions and shared volumes on real nodes", () => {
  useRealNodes(2);

  before(async () => {
    // Their minutes pass during the other tests.
    for (const one of [
      everyMinute("works", "echo done", { successfulJobsHistoryLimit: 1 }),
      everyMinute("fails", "exit 3", { failedJobsHistoryLimit: 1 }),
      everyMinute("alone", untilTold.script, { concurrencyPolicy: "Forbid" }),
      ...[...guarded, keeping],
    ]) {
      await api.apply(one);
    }
  });

  it("the last ready pod of a disruption budget is not evicted, and kubectl drain waits until another one is ready elsewhere", async () => {
    const running = async (): Promise<readonly Pod[]> =>
      (await selected("app=guarded")).filter(({ status }) => status.phase === "Running");
    const [first] = await eventually("the first pod", running, ({ length }) => length === 1);
    assert.ok(first?.spec.nodeName !== undefined);
    const { name } = first.metadata;
    await inPod(name, ...makeReady);
    await eventually(
      "the budget",
      () =>
        api.get<{ status?: { currentHealthy: number; disruptionsAllowed: number } }>(
          `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/guarded`,
        ),
      ({ status }) => status?.currentHealthy === 1 && status.disruptionsAllowed === 0,
    );
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
    const refusal = /^Cannot evict pod as it would violate the pod's disruption budget\./;
    await assert.rejects(api.post(`${core}/pods/${name}/eviction`, eviction), { status: 429, message: refusal });

    const env = { ...process.env, KUBECONFIG: files(cluster).kubeconfig };
    const words = ["drain", first.spec.nodeName, "--pod-selector=app=guarded", "--timeout=240s"];
    const drain = spawn("kubectl", words, { env, stdio: ["ignore", "ignore", "pipe"] });
    const exit = once(drain, "exit");
    let said = "";
    drain.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const refused = (times: number): Promise<string> =>
      eventually(
        "kubectl's next attempt",
        () => Promise.resolve(said),
        (text) => text.split("(will retry after 5s): Cannot evict pod").length > times,
      );
    try {
      await refused(1);
      await kubectl("scale", "deployment/guarded", "--replicas=2");
      const both = await eventually("the second pod", running, ({ length }) => length === 2);
      const second = both.find(({ metadata }) => metadata.name !== name);
      assert.ok(second);
      assert.notEqual(second.spec.nodeName, first.spec.nodeName);
      // It runs, but that is not enough.
      await refused(said.split("will retry").length);
      assert.equal((await api.get(`${core}/pods/${name}`)).metadata.deletionTimestamp, undefined);
      assert.equal(drain.exitCode, null);
      await inPod(second.metadata.name, ...makeReady);
      assert.deepEqual(await exit, [0, null], said);
      assert.equal(await api.find(`${core}/pods/${name}`), undefined);
      const left = (await selected("app=guarded")).filter((pod) => is(pod, "Ready"));
      assert.deepEqual(
        left.map(({ metadata }) => metadata.name),
        [second.metadata.name],
      );
    } finally {
      drain.kill();
      await kubectl("uncordon", first.spec.nodeName);
    }
  });

  it("two pods on two nodes share a ReadWriteMany claim", async () => {
    await api.apply(claim("shared", "standard", "ReadWriteMany"));
    await api.apply(withClaim("here", "node-0", "shared"));
    await api.apply(withClaim("there", "node-1", "shared"));
    await ready("here", "there");
    await inPod("here", "sh", "-c", "echo from here >/data/file");
    await inPod("there", "sh", "-c", "echo from there >>/data/file");
    for (const pod of ["here", "there"]) assert.equal(await inPod(pod, "cat", "/data/file"), "from here\nfrom there\n");
  });

  it("a claim's folder outlives it with reclaimPolicy Retain, and the next claim of that volume has its files", async () => {
    await api.apply(claim("kept", "kept", "ReadWriteOnce"));
    await api.apply(claim("gone", "standard", "ReadWriteOnce"));
    await api.apply(withClaim("keeper", "node-0", "kept"));
    await ready("keeper");
    await inPod("keeper", "sh", "-c", "echo kept >/data/file");
    const volumeOf = async (name: string): Promise<string> => {
      const { spec } = await eventually(
        `the volume of ${name}`,
        () => api.get<{ spec: { volumeName?: string } }>(`${core}/persistentvolumeclaims/${name}`),
        (one) => one.spec.volumeName !== undefined,
      );
      return spec.volumeName ?? "";
    };
    const [kept, gone] = [await volumeOf("kept"), await volumeOf("gone")];
    const [keptFolder, goneFolder] = [path.join(volumesFolder(cluster), kept), path.join(volumesFolder(cluster), gone)];
    assert.ok(existsSync(goneFolder));
    const becomes = (phase: string): Promise<Volume> =>
      eventually(
        `a volume that is ${phase}`,
        () => api.get<Volume>(`/api/v1/persistentvolumes/${kept}`),
        ({ status }) => status.phase === phase,
      );
    await kubectl("delete", "pod/keeper", "pvc/kept");
    await becomes("Released");
    // When this one's folder is deleted, the other one's would have been, too.
    await kubectl("delete", "pvc/gone");
    await eventually(
      "the end of the other folder",
      () => Promise.resolve(existsSync(goneFolder)),
      (there) => !there,
    );
    assert.equal(readFileSync(path.join(keptFolder, "file"), "utf8"), "kept\n");
    await api.patch(`/api/v1/persistentvolumes/${kept}`, { spec: { claimRef: null } });
    await becomes("Available");
    await api.apply(claim("again", "kept", "ReadWriteOnce", { volumeName: kept }));
    await api.apply(withClaim("heir", "node-1", "again"));
    await ready("heir");
    assert.equal(await inPod("heir", "cat", "/data/file"), "kept\n");
  });

  it("a Job past its deadline fails with DeadlineExceeded, and its pod is ended", async () => {
    const seconds = 10;
    await api.apply(endless("late", seconds));
    const own = (): Promise<readonly Pod[]> => selected("batch.kubernetes.io/job-name=late");
    await eventually("its pod", own, (pods) => pods[0]?.status.phase === "Running", seconds);
    const job = await eventually(
      "its failure",
      () => api.get<Job>(`${jobs}/late`),
      (one) => is(one, "Failed") !== undefined,
    );
    const [failed, { startTime = "" }] = [is(job, "Failed") as NonNullable<Job["status"]["conditions"]>[0], job.status];
    assert.equal(failed.reason, "DeadlineExceeded");
    assert.ok(Date.parse(failed.lastTransitionTime) - Date.parse(startTime) >= seconds * 1000);
    await eventually("the end of its pod", own, ({ length }) => length === 0);
  });

  it("a CronJob makes a Job at each full minute, which succeeds or fails, and keeps as many as its limits say", async () => {
    for (const [name, condition] of [
      ["works", "Complete"],
      ["fails", "Failed"],
    ] as const) {
      const deleted = await eventually(
        `the end of an older Job of ${name}`,
        () => messages(name, "SuccessfulDelete"),
        ({ length }) => length > 0,
        180,
      );
      const [job] = await eventually(
        `one Job of ${name}`,
        () => jobsOf(name),
        (left) => left.length === 1 && left.every((one) => is(one, condition)),
      );
      assert.ok(job);
      assert.ok(!deleted.includes(`Deleted job ${job.metadata.name}`));
      const due = job.metadata.annotations?.["batch.kubernetes.io/cronjob-scheduled-timestamp"] ?? "";
      assert.match(due, /:00Z$/);
      const late = Date.parse(job.metadata.creationTimestamp) - Date.parse(due);
      assert.ok(late >= 0 && late < 30_000, `${late} ms late`);
      if (name === "works") assert.equal(await kubectl("logs", `job/${job.metadata.name}`), "done\n");
    }
  });

  it("with concurrencyPolicy Forbid there is no second Job while the first runs, and one when it has ended", async () => {
    await eventually(
      "a minute without a Job",
      () => messages("alone", "JobAlreadyActive"),
      ({ length }) => length > 0,
      180,
    );
    const [first, ...others] = await jobsOf("alone");
    assert.ok(first);
    assert.deepEqual([first.status.active, others], [1, []]);
    await kubectl("exec", `job/${first.metadata.name}`, "--", ...untilTold.tell);
    const [ended, next] = await eventually(
      "the next Job",
      () => jobsOf("alone"),
      ({ length }) => length === 2,
      90,
    );
    assert.ok(ended && next);
    assert.ok(is(ended, "Complete"));
    assert.ok(next.metadata.creationTimestamp >= (ended.status.completionTime ?? "never"));
  });
});
