/** Finding 11 under the real engine: nothing that a stack file no longer names is deleted unless it is named; on Kubernetes alone. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "mocha";
import { keepSystems, put } from "../../config/stackEdit.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { missingFrom } from "../../lab/harness/deployed.ts";
import { type Outcome, pulumi } from "../../lab/harness/engine.ts";
import { type Change, changed, SystemOnLab } from "../../lab/harness/system.ts";

const destination = { url: "https://managesf.thoth-station.ninja" };
const section = (namespace: string) => ({ cluster: "lab", namespace, protect: false });
const tunnels = { webhooks: { key: "ultrahook-thoth", destination } };
const dgraph = {
  ...section("removals-graph"),
  mode: "single",
  whitelist: "172.54.0.0:172.54.255.255",
  storageSize: "1Gi",
};
const settings = { ultrahook: { ...section("removals-hooks"), paused: true, tunnels }, dgraph };

describe("what a stack file no longer names", () => {
  let stack: SystemOnLab;
  let whole: string;
  const say = (text: string): void => {
    writeFileSync(stack.target.file, text);
  };
  /** Without a section and its secrets. */
  const withoutHooks = (): string => {
    const secrets = [...whole.matchAll(/^ {2}(thoth:ultrahookKey-[\w-]+):/gm)].map(([, key = ""]) => key);
    return changed(whole, [
      [["thoth:settings", "ultrahook"], undefined],
      ...secrets.map((key): Change => [[key], undefined]),
    ]);
  };
  /** Resources of the state; each save encrypts their secrets anew. */
  const known = async (): Promise<readonly (readonly unknown[])[]> =>
    (await stack.resources()).map(({ urn, id }) => [urn, id]);
  const named = (text: string, ...names: readonly string[]): string =>
    put(text, ["config", "orrery:settings"], { removed: names });

  before(async () => {
    const changes: readonly Change[] = [[["thoth:settings"], settings]];
    stack = await SystemOnLab.open("dials", "test", changes, { also: ["thoth"], as: "removals" });
    whole = readFileSync(stack.target.file, "utf8");
    await stack.assertDeploys();
  });
  after(() => stack.close("removals-hooks", "removals-graph", "cms-dials-test"));

  /** Asserts that no command deletes anything with this file, neither with a preview before the update nor without. */
  async function isRefused(text: string, message: RegExp): Promise<void> {
    say(text);
    const all = await stack.resources();
    const before = await known();
    const commands = [["preview"], ["up", "--yes"], ["up", "--yes", "--skip-preview"]];
    for (const words of commands) {
      const { code, text: said }: Outcome = await pulumi(words, stack.target);
      assert.notEqual(code, 0, said);
      assert.match(said, message);
      assert.doesNotMatch(said, /\n\s+at .*:\d+:\d+| - {2}kubernetes:/);
    }
    assert.deepEqual(await known(), before);
    assert.deepEqual(await missingFrom(lab, all), []);
  }

  it("a section that the file lacks is refused, with what would go and the command that names it", async () => {
    await isRefused(
      withoutHooks(),
      /the state of stack removals has what Pulumi\.removals\.yaml no longer names; nothing was changed, and this would be deleted:\n +thoth-ultrahook: \d+ resources, .*Namespace thoth-ultrahook[^]*config set --stack removals --path 'orrery:settings\.removed\[0\]' thoth-ultrahook\n/,
    );
  });

  it("a system that the file lacks is refused", async () => {
    await isRefused(keepSystems(whole, ["clusters", "dials"]), /deleted:\n +thoth: \d+ resources, .*\n +put it back/);
  });

  it("a file without any system is refused, with both that would go", async () => {
    await isRefused(keepSystems(whole, ["clusters"]), /deleted:\n +dials: \d+ resources, .*\n +thoth: \d+ resources, /);
  });

  it("what is named is deleted, nothing else is, and a later update has nothing to do", async () => {
    say(named(withoutHooks(), "thoth-ultrahook"));
    const before_ = await stack.resources();
    const done = await stack.up();
    assert.equal(done.code, 0, done.text);
    const own = before_.filter(({ urn }) => urn.includes("::thoth-ultrahook")).map(({ urn }) => urn);
    const deleted = done.changed.filter(({ op }) => op === "delete").map(({ urn }) => urn);
    assert.deepEqual(deleted.toSorted(), own.toSorted());
    await stack.assertDeployed();
    await stack.assertNoChanges();
  });

  it("what comes back into the file is refused until its name leaves the list", async () => {
    say(named(whole, "thoth-ultrahook"));
    const refused = await stack.up();
    assert.notEqual(refused.code, 0);
    assert.match(
      refused.text,
      /orrery:settings\.removed of stack removals names what .* has: thoth-ultrahook; take it out/,
    );
    say(whole);
    await stack.assertDeploys();
  });

  it("destroy asks for no name, as before", async () => {
    say(whole);
    await stack.assertDestroyed();
  });
});
