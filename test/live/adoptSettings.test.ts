/** Prow as it ran before the program: its settings are taken from what runs, so that the first update changes neither. */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { after, before, describe, it } from "mocha";
import { run } from "../../ops/lib/process.ts";
import { projectDir } from "../../config/stackFile.ts";
import { Adoption, apply, objectsOf, uids } from "./adopt/oldWay.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import { api } from "../../lab/harness/kube.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";

const namespace = "kubevirt-prow";
const pods = `/api/v1/namespaces/${namespace}/pods`;
const image = "gcr.io/k8s-prow/deck:v20210101-1a2b3c4d5e";
const digest = `sha256:${"5".repeat(64)}`;
const prowJobs = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/prowjobs.prow.k8s.io";

/** What `adopt --json` says about settings. */
interface Said {
  readonly written?: boolean;
  readonly settings: readonly { readonly setting: string; readonly from: unknown; readonly to: unknown }[];
  readonly unpinned: readonly { readonly image: string; readonly reason: string }[];
  readonly further: readonly { readonly setting: string }[];
}

describe("settings from what runs, with Prow on the lab", function () {
  this.timeout(600_000);
  let adoption: Adoption;
  let old: ReadonlyMap<string, string>;

  before(async () => {
    const allowed = [["clusters:settings", "ibm", "allowSamples"], true] as const;
    adoption = new Adoption(await SystemOnLab.open("prow", "prod", [allowed], { as: "prod-prow-settings" }));
    await apply("prow", "kubectl");
    old = await uids("prow");
    await nameBuilds();
  });
  after(async () => {
    await adoption.system.close(namespace, "kubevirt-prow-jobs");
    if ((await api.find(prowJobs)) !== undefined) await api.delete(prowJobs);
  });

  /** The lab's kubelets run no containers; what a real one says about the build of Deck's is put where it says it. */
  async function nameBuilds(): Promise<void> {
    const found = await eventually(
      "Deck's pods",
      async () => (await api.list(pods)).filter(({ metadata }) => metadata.name.startsWith("deck-")),
      (all) => all.length === 2,
    );
    for (const { metadata } of found) {
      const state = { running: { startedAt: "2026-01-01T00:00:00Z" } };
      const imageID = `docker-pullable://gcr.io/k8s-prow/deck@${digest}`;
      const one = { name: "deck", image, imageID, ready: true, started: true, restartCount: 0, state };
      const patch = JSON.stringify({ status: { containerStatuses: [one] } });
      const words = ["patch", "pod", metadata.name, "--namespace", namespace, "--subresource=status", "--type=merge"];
      const { status, stderr } = await run("kubectl", [...words, "--patch", patch]);
      assert.equal(status, 0, stderr);
    }
  }

  const text = (): string => readFileSync(adoption.system.target.file, "utf8");
  const said = (stdout: string): Said => JSON.parse(stdout) as Said;
  const by = ({ settings }: Said): ReadonlyMap<string, unknown> =>
    new Map(settings.map(({ setting, to }) => [setting, to]));

  it("an adoption pins the images that run by tag and digest, and names those that it cannot pin", async () => {
    const before = text();
    const plan = await adoption.ops("--json", "--dry-run", "--accept", "*");
    assert.equal(plan.status, 0, plan.stderr);
    const pins = by(said(plan.stdout));
    assert.equal(pins.get("prow:settings.images.deck"), `${image}@${digest}`);
    assert.equal(pins.get("prow:settings.images.ghproxy"), "gcr.io/k8s-prow/ghproxy:v20210101-1a2b3c4d5e");
    const reasons = new Map(
      said(plan.stdout).unpinned.map((one) => [one.image.split("/").at(-1)?.split(":")[0], one.reason]),
    );
    assert.match(reasons.get("ghproxy") ?? "", /^pinned by its tag alone/);
    assert.ok(said(plan.stdout).further.some(({ setting }) => setting === "prow:settings.replicas.deck"));
    assert.equal(text(), before);
    const { report } = await adoption.plan("--dry-run", "--accept", "*");
    const changed = report.effects.filter(
      ({ field, weight }) => field.endsWith("[deck].image") && weight !== "harmless",
    );
    assert.deepEqual(changed, []);
  });

  it("the pins are written together with the import file", async () => {
    const { file, stack, env } = adoption.system.target;
    const copy = `${file}.copy`;
    const out = `${file}.copy.json`;
    copyFileSync(file, copy);
    try {
      const words = ["cli/orrery.ts", "adopt", "--stack", stack, "--config-file", copy, "--out", out, "--accept", "*"];
      const { status, stdout, stderr } = await run(process.execPath, words, {
        cwd: projectDir,
        env: env as Record<string, string>,
      });
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^settings that keep what runs: 3\n/);
      assert.ok(readFileSync(copy, "utf8").includes(`${image}@${digest}`));
    } finally {
      for (const one of [copy, out]) rmSync(one, { force: true });
    }
  });

  it("--suggest shows a diff, asks, and writes the settings that declare what runs", async () => {
    const before = text();
    const shown = await adoption.ops("--suggest", "--dry-run");
    assert.equal(shown.status, 0, shown.stderr);
    assert.match(shown.stdout, /\n {2}\+.*deck: 2/);
    const asked = await adoption.ops("--suggest");
    assert.equal(asked.status, 2, asked.stderr);
    assert.equal(text() === before, true, "nothing is written without a yes");
    assert.match(asked.stderr, /give --yes, or --dry-run/);
    const written = await adoption.ops("--suggest", "--yes", "--json");
    assert.equal(written.status, 0, written.stderr);
    const settings = by(said(written.stdout));
    assert.equal(settings.get("prow:settings.replicas.deck"), 2);
    assert.equal(settings.get("prow:settings.images.deck"), `${image}@${digest}`);
    assert.equal(text() === before, false);
    const again = await adoption.ops("--suggest");
    assert.deepEqual(
      [again.status, again.stdout],
      [0, "the settings declare what runs, as far as settings can\n"],
      again.stderr,
    );
  });

  it("the first update changes no image, replica or host, and the second one nothing", async () => {
    const { status, stderr, report } = await adoption.plan("--accept", "*");
    assert.deepEqual([status, report.problems], [0, []], stderr);
    assert.deepEqual(
      report.effects.filter(({ field }) => /^spec\.replicas|\bhost$/.test(field)),
      [],
    );
    await adoption.import(report);
    await adoption.up();
    const now = await uids("prow");
    for (const [title, uid] of old) assert.equal(now.get(title), uid, title);
    const deck = (await objectsOf("prow")).find(
      ({ kind, metadata }) => kind === "Deployment" && metadata.name === "deck",
    );
    const spec = (
      deck as unknown as { spec: { replicas: number; template: { spec: { containers: { image: string }[] } } } }
    ).spec;
    assert.deepEqual([spec.replicas, spec.template.spec.containers[0]?.image], [2, `gcr.io/k8s-prow/deck@${digest}`]);
    await adoption.system.assertNoChanges();
  });
});
