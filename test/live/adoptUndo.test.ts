/** The way back from an adoption, before and after the first update: nothing in the cluster changes. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { Ran } from "../../ops/lib/process.ts";
import { pulumi } from "../../lab/harness/engine.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";
import { Adoption, type AdoptReport, apply, changedLeaves, type Live, objectsOf, uids } from "./adopt/oldWay.ts";

describe("undoing the adoption of Stream, on the lab", function () {
  this.timeout(600_000);
  let adoption: Adoption;
  let former: readonly Live[];

  before(async () => {
    const samples = [["clusters:settings", "online", "allowSamples"], true] as const;
    adoption = new Adoption(await SystemOnLab.open("stream", "prod", [samples], { as: "prod-stream-undo" }));
    await apply("stream", "argocd");
    former = await objectsOf("stream");
  });
  after(() => adoption.system.close("stream-prod"));

  /** What the state has that a provider made. */
  const inState = async (): Promise<readonly string[]> =>
    (await adoption.system.resources())
      .filter(({ type }) => !/^(pulumi|orrery):/.test(type))
      .map(({ urn }) => urn)
      .sort();
  const adopted = async (): Promise<AdoptReport> => {
    const { status, stderr, report } = await adoption.plan("--accept", "*");
    assert.equal(status, 0, stderr);
    await adoption.import(report);
    return report;
  };
  /** `adopt --undo --json`. */
  const undo = async (
    ...words: string[]
  ): Promise<Ran & { readonly said: Readonly<Record<string, readonly { urn: string }[]>> }> => {
    const ran = await adoption.back("--json", ...words);
    return { ...ran, said: JSON.parse(ran.stdout) as Readonly<Record<string, readonly { urn: string }[]>> };
  };
  const isAsBefore = async (): Promise<void> => {
    const now = await objectsOf("stream");
    assert.deepEqual(
      now.flatMap((one, at) => changedLeaves(former[at] ?? one, one)),
      [],
    );
    assert.equal(now.length, former.length);
  };

  it("before the first up the state forgets everything, and nothing in the cluster has another value", async () => {
    const report = await adopted();
    const own = report.adopted.map(({ urn }) => urn).sort();
    assert.deepEqual(await inState(), own);
    const unasked = await adoption.back();
    assert.deepEqual([unasked.status, await inState()], [2, own], unasked.stderr);
    assert.match(unasked.stderr, /there is no terminal to ask on: give --yes, or --dry-run/);
    assert.equal((await undo("--dry-run")).status, 0);
    assert.deepEqual(await inState(), own);
    const { status, stderr, said } = await undo("--yes");
    assert.deepEqual([status, await inState()], [0, []], stderr);
    assert.deepEqual(said.forgotten?.map(({ urn }) => urn).sort(), own);
    await isAsBefore();
  });

  it("a second run finds nothing to forget, and the state from before can be restored", async () => {
    const again = await adoption.back("--yes");
    assert.deepEqual([again.status, again.stderr], [0, ""]);
    assert.match(again.stdout, /has nothing that was adopted: there is nothing to forget/);
    const restored = await adoption.system.opsOf("state", ["restore", "--yes"]);
    assert.equal(restored.code, 0, restored.stderr);
    assert.notDeepEqual(await inState(), []);
    assert.equal((await undo("--yes")).status, 0);
  });

  it("what was forgotten is adopted again, as if for the first time", async () => {
    const report = await adopted();
    await adoption.isAsReported(report);
    await adoption.up();
    await adoption.system.assertNoChanges();
  });

  it("after the first up it lists what Orrery created since, and forgets nothing", async () => {
    const all = await inState();
    const { status, stderr, said } = await undo("--yes");
    assert.deepEqual([status, await inState()], [1, all]);
    assert.notDeepEqual(said.undecided, []);
    assert.match(stderr, /^\d+ resources were created by Orrery, and nothing but the state knows them:\n {2}\w+ /);
    assert.match(stderr, /nothing was forgotten; name each of them/);
  });

  it("what is kept in the state goes with a destroy, and everything that was there before stays", async () => {
    const old = await uids("stream");
    const { status, stderr, said } = await undo("--yes", "--keep", "*");
    assert.equal(status, 0, stderr);
    assert.deepEqual(await inState(), said.kept?.map(({ urn }) => urn).sort());
    const { target } = adoption.system;
    await pulumi(["state", "unprotect", "--all", "--yes"], target);
    const gone = await pulumi(["destroy", "--yes", "--skip-preview"], target);
    assert.equal(gone.code, 0, gone.text);
    const now = await uids("stream");
    for (const { kind, metadata } of former) {
      const title = `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
      assert.equal(now.get(title), old.get(title), title);
    }
  });
});
