/**
 * Packit's commands on what runs, as one calls them, on real nodes with Packit of stack `test`: the lab's registry has newer images, and
 * each rollout is one of pods. What works inside of pods is packitCache's, and the database packitDatabase's.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { eventually } from "../../lab/harness/cloud.ts";
import type { OpsOutcome, SystemOnLab } from "../../lab/harness/system.ts";
import type { KubeObject } from "../../lab/kubernetes/api.ts";
import type { Report } from "../../ops/lib/status/row.ts";
import { api, cluster, plainPackit, removePackit } from "./packit/onNodes.ts";
import { publish } from "./publish.ts";

const core = "/api/v1/namespaces/myproject";
const apps = "/apis/apps/v1/namespaces/myproject";
/** Of no image. */
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

interface Workload extends KubeObject {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec: { readonly containers: readonly { readonly image: string }[] };
    };
  };
}

interface Pod extends KubeObject {
  readonly status: { readonly containerStatuses?: readonly { readonly name: string; readonly imageID: string }[] };
}

describe("Packit's commands on real nodes", function () {
  this.timeout(1_500_000);
  let packit: SystemOnLab;
  const dir = mkdtempSync(path.join(tmpdir(), "packit-ops-"));
  /** Digests that were published, oldest first. */
  const [workers, services]: [string[], string[]] = [[], []];
  const ops = (...words: string[]): Promise<OpsOutcome> => packit.ops(words);

  before(async () => {
    // No import but those of the tests.
    ({ packit } = await plainPackit([[["packit:settings", "imports"], undefined]]));
    const made = await packit.up();
    assert.equal(made.code, 0, made.text);
  });
  after(async () => {
    rmSync(dir, { recursive: true, force: true });
    await removePackit();
  });

  const templateOf = async (at: string): Promise<Workload["spec"]["template"]> =>
    (await api.get<Workload>(`${apps}/${at}`)).spec.template;
  /** Digest of the image that a workload's newest pod runs, as the node has it. */
  async function runs(name: "packit-service" | "packit-worker"): Promise<string> {
    const container = name === "packit-worker" ? "packit-worker-1" : name;
    const pods = await api.list<Pod>(`${core}/pods`);
    const own = pods.filter(({ metadata: { name: pod, deletionTimestamp } }) => {
      return pod.startsWith(`${name}-`) && deletionTimestamp === undefined;
    });
    const image = own.at(-1)?.status.containerStatuses?.find((one) => one.name === container)?.imageID ?? "";
    return /sha256:[0-9a-f]{64}$/.exec(image)?.[0] ?? `${own.length} pods of ${name}, ${image}`;
  }
  /** Until its newest pod runs an image: an update may end before the pods are replaced. */
  const becomes = (name: Parameters<typeof runs>[0], image: string): Promise<string> =>
    eventually(
      `${name} of ${image}`,
      () => runs(name),
      (found) => found === image,
      300,
    );

  it("every command refuses a cluster other than the stack's before any request", async () => {
    const kubeconfig = path.join(dir, "elsewhere");
    const own = readFileSync(packit.target.env?.KUBECONFIG ?? "", "utf8");
    writeFileSync(kubeconfig, own.replace(/https:\/\/127\.0\.0\.1:\d+/, "https://console.example.org:8443"));
    for (const words of [
      ["cleanup", "--yes"],
      ["dump-database", path.join(dir, "x.sql")],
      ["undo", "tokman"],
    ]) {
      const refused = await ops(...words, "--kubeconfig", kubeconfig);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        /^orrery: Pulumi\.demo-packit\.yaml is for the cluster https:\/\/127\.0\.0\.1:\d+ \(lab\), but the kubeconfig at hand is for https:\/\/console\.example\.org:8443; nothing was done/,
      );
    }
  });

  it("status reports what is wrong", async () => {
    const status = (...words: readonly string[]) =>
      packit.opsOf("status", ["--only", "workloads", "--limit", "1m", ...words]);
    const well = await status("--wait", "1m", "--json");
    assert.equal(well.code, 0, well.stdout + well.stderr);
    const { rows } = JSON.parse(well.stdout) as Report;
    assert.deepEqual(rows.map(({ part }) => part.split("/")[1]).sort(), [
      "packit-service",
      "packit-worker",
      "postgres-12",
      "redis",
      "tokman",
    ]);
    await api.delete(`${apps}/deployments/tokman`);
    const missing = await status();
    assert.equal(missing.code, 1);
    assert.match(missing.stdout, /BAD +\S+\/tokman: Deployment is not there/);
    const repaired = await packit.up("--refresh");
    assert.equal(repaired.code, 0, repaired.text);
    assert.equal((await status("--wait", "3m")).code, 0);
  });

  it("import-images imports one or all streams, and rolls out what runs an older image", async () => {
    const began = await runs("packit-service");
    services.push(began);
    assert.match(
      (await ops("import-images", "--dry-run")).stdout,
      new RegExp(`^would import quay\\.io/packit/packit-service:stg; packit-service has ${began}$`, "m"),
    );
    workers.push(await publish(cluster, "quay.io/packit/packit-worker:stg", "first"));
    const one = await ops("import-images", "packit-worker", "--wait");
    assert.equal(one.code, 0, one.stderr);
    assert.equal(one.stdout, `packit-worker: imported ${workers[0] ?? ""}\n  rolling out packit-worker\n`);
    assert.equal(await runs("packit-worker"), workers[0]);
    assert.equal(await runs("packit-service"), began);
    services.push(await publish(cluster, "quay.io/packit/packit-service:stg", "first"));
    const all = await ops("import-images", "--wait");
    assert.equal(all.code, 0, all.stderr);
    assert.deepEqual(all.stdout.match(/^\S+: \w+/gm), [
      "tokman: nothing",
      "packit-service: imported",
      "packit-worker: nothing",
    ]);
    assert.equal(await runs("packit-service"), services[1]);
    await packit.assertNoChanges();
    const missing = [["packit:settings", "images"], { tokman: { tag: "gone" } }] as const;
    const refused = await packit.with([missing], () => ops("import-images", "tokman"));
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^orrery: quay\.io\/packit\/tokman:gone was not imported: dockerimage\S+ "quay\.io\/packit\/tokman:gone" not found\n$/,
    );
    assert.match(
      (await ops("import-images", "nginx")).stderr,
      /there is no image "nginx"; there are tokman, packit-service, packit-worker/,
    );
  });

  it("revisions lists imported and running images; undo returns a Deployment to one, until unpin", async () => {
    services.push(await publish(cluster, "quay.io/packit/packit-service:stg", "second"));
    const [, first = "", second = ""] = services;
    assert.equal((await ops("import-images", "packit-service", "--wait")).code, 0);
    const listed = JSON.parse((await ops("revisions", "packit-service", "--json")).stdout) as {
      of: string;
      digest?: string;
      current: boolean;
    }[];
    const seen = (of: string): readonly unknown[] =>
      listed.filter((one) => one.of === of).map(({ digest: of_, current }) => [of_, current]);
    assert.deepEqual(seen("ImageStream packit-service:dev"), [
      [second, true],
      [first, false],
      [services[0], false],
    ]);
    assert.deepEqual(seen("Deployment packit-service").slice(0, 2), [
      [second, true],
      [first, false],
    ]);
    const imageOf = async (): Promise<string> =>
      (await templateOf("deployments/packit-service")).spec.containers[0]?.image ?? "";
    const undone = await ops("undo", "packit-service", "--up", "--yes");
    assert.equal(undone.code, 0, undone.stdout + undone.stderr);
    assert.match(await imageOf(), new RegExp(`@${first}$`));
    await becomes("packit-service", first);
    const free = await ops("unpin", "packit-service", "--up", "--yes");
    assert.equal(free.code, 0, free.stdout + free.stderr);
    assert.match(await imageOf(), /packit-service:dev$/);
    await becomes("packit-service", second);
  });

  it("deploy --list names the components, and each can be deployed", async () => {
    const listed = await ops("deploy", "--list");
    assert.equal(listed.code, 0, listed.stderr);
    const all = listed.stdout.trim().split("\n");
    for (const name of ["packit-service", "packit-worker", "postgres", "redis"]) assert.ok(all.includes(name), name);
    const previewed = await ops("deploy", ...all, "--dry-run");
    assert.equal(previewed.code, 0, previewed.stdout + previewed.stderr);
    assert.doesNotMatch(previewed.stdout, /^ *[+~-]/m, "all is deployed");
  });

  it("deploy deploys one component; undo reverts that, and leaves later changes to the program", async () => {
    const memory = async (): Promise<string> =>
      JSON.stringify(
        (await templateOf("deployments/redis")).spec.containers.map(
          (one) => (one as { resources?: unknown }).resources,
        ),
      );
    const before_ = await memory();
    const at = ["packit:settings", "keyValue"];
    const other = ["packit:settings", "web", "memory"];
    const web = async (): Promise<string> => JSON.stringify((await templateOf("deployments/packit-service")).spec);
    const webBefore = await web();
    await packit.with(
      [
        [at, { memory: "96Mi" }],
        [other, "640Mi"],
      ],
      async () => {
        const deployed = await ops("deploy", "redis", "--yes");
        assert.equal(deployed.code, 0, deployed.stdout + deployed.stderr);
      },
    );
    assert.match(await memory(), /96Mi/);
    assert.equal(await web(), webBefore);
    assert.match((await ops("undo", "redis", "--dry-run")).stdout, /^would roll redis back to revision \d+/);
    const { code, stdout, stderr } = await ops("undo", "redis");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^redis is what it was at revision \d+, until a deployment changes it\n$/);
    assert.equal(await memory(), before_);
    await packit.with([[at, { memory: "112Mi" }]], async () => {
      const next = await packit.up();
      assert.equal(next.code, 0, next.text);
    });
    assert.match(await memory(), /112Mi/);
    assert.match((await ops("undo", "redis", "--to-revision", "99")).stderr, /redis has no revision 99; it has \d/);
    assert.match(
      (await ops("undo", "packit-worker")).stderr,
      /packit-worker is a StatefulSet: roll its image back by packit pin packit-worker/,
    );
  });

  it("pin keeps the workers on a digest, and refuses anything but a digest", async () => {
    const file = readFileSync(packit.target.file, "utf8");
    for (const wrong of ["sha256:abc", "stg", digest("g")]) {
      const refused = await ops("pin", "packit-worker", wrong);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /is not a digest: give sha256: and 64 hex digits/);
    }
    assert.equal(readFileSync(packit.target.file, "utf8"), file);
    const [first = ""] = workers;
    workers.push(await publish(cluster, "quay.io/packit/packit-worker:stg", "second"));
    assert.equal((await ops("import-images", "packit-worker", "--wait")).code, 0);
    const imageOf = async (): Promise<string> =>
      (await templateOf("statefulsets/packit-worker")).spec.containers[0]?.image ?? "";
    const pinned = await ops("pin", "packit-worker", first, "--up", "--yes");
    assert.equal(pinned.code, 0, pinned.stdout + pinned.stderr);
    assert.match(await imageOf(), new RegExp(`@${first}$`));
    await becomes("packit-worker", first);
    assert.equal((await ops("unpin", "packit-worker", "--up", "--yes")).code, 0);
    assert.match(await imageOf(), /packit-worker:dev$/);
  });

  it("cleanup refuses production, and removes any other service with its data", async () => {
    const file = readFileSync(packit.target.file, "utf8");
    writeFileSync(packit.target.file, file.replace("deployment: dev", "deployment: prod"));
    const refused = await ops("cleanup", "--yes");
    writeFileSync(packit.target.file, file);
    assert.equal(refused.code, 1);
    assert.equal(refused.stderr, "orrery: this is production; cleanup never removes it, and nothing was removed\n");
    assert.match(
      (await ops("cleanup", "--dry-run")).stdout,
      /^would remove \d+ resources of packit in myproject, with their data\n$/,
    );
    assert.equal((await ops("cleanup")).code, 2, "nobody is there to type the name");
    assert.ok((await api.find(`${core}/persistentvolumeclaims/postgres-12`)) !== undefined);
    const { code, stdout, stderr } = await ops("cleanup", "--yes");
    assert.equal(code, 0, stdout + stderr);
    await eventually(
      "the project's end",
      () => api.find(core),
      (found) => found === undefined,
      180,
    );
  });
});
