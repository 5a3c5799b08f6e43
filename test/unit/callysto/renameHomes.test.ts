/** Renaming homes after their users; zfs and Docker are simulated. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { hashedName } from "../../../components/callysto/guest/names.ts";
import { computedPairs, keptPairs, renameScript, sourceOf } from "../../../ops/commands/callysto/rename-homes.ts";

describe("renaming homes", () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(path.join(tmpdir(), "rename-homes-"));
    writeFileSync(path.join(dir, "config.php"), "'session.phpsession.cookiename' => 'SimpleSAMLBySource',\n");
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  /** Runs the guest's script over folders for datasets; `running` are homes with a server, `stuck` one that zfs does not rename. */
  function rename(homes: readonly string[], args: readonly string[], pairs: string, running = "-", stuck = "-") {
    rmSync(path.join(dir, "tank"), { recursive: true, force: true });
    for (const home of homes) mkdirSync(path.join(dir, "tank/home", home), { recursive: true });
    const played = `cd ${dir}
      zfs() { case $1 in
        list) [ -d "$5" ] ;;
        rename) [ "\${2##*/}" != ${stuck} ] && mv "$2" "$3" ;;
      esac; }
      docker() { case $4 in *"/${running}") echo container ;; esac; }
      ${renameScript.replace("/etc/callysto/simplesamlphp", dir)}`;
    const { status, stdout, stderr } = spawnSync("bash", ["-c", played, "ops", ...args], {
      input: pairs,
      encoding: "utf8",
    });
    return { status, said: stdout.trim().split("\n"), stderr, homes: readdirSync(path.join(dir, "tank/home")).sort() };
  }

  it("rename-homes first lists and changes nothing, then renames each home to its user's current name", () => {
    const pairs = "a1 a2\nb1 b2\nnobody1 nobody2\n";
    const dry = rename(["a1", "b1", "c1"], ["SimpleSAMLBySource", "", ""], pairs);
    assert.deepEqual(
      [dry.said, dry.homes],
      [
        ["rename a1 a2", "rename b1 b2"],
        ["a1", "b1", "c1"],
      ],
    );
    const done = rename(["a1", "b1", "c1"], ["SimpleSAMLBySource", "1", ""], pairs);
    assert.deepEqual(
      [done.said, done.homes],
      [
        ["rename a1 a2", "rename b1 b2"],
        ["a2", "b2", "c1"],
      ],
    );
  });

  it("a home is not renamed when the new name has a home that is not set aside, when it is in use, or when zfs refuses", () => {
    const by = (...args: string[]): ReturnType<typeof rename> =>
      rename(
        ["a1", "a2", "b1", "c1", "d1"],
        ["SimpleSAMLBySource", ...args],
        "a1 a2\nb1 b2\nc1 c2\nd1 d2\n",
        "b1",
        "c1",
      );
    const left = by("1", "");
    assert.deepEqual(left.said, ["taken a1 a2", "runs b1 b2", "failed c1 c2", "rename d1 d2"]);
    assert.deepEqual(left.homes, ["a1", "a2", "b1", "c1", "d2"]);
    assert.deepEqual(by("1", "1").homes, ["a2", "a2.aside", "b1", "c1", "d2"]);
  });

  it("homes are not renamed on a hub whose naming differs from the stack file's", () => {
    const { status, stderr, homes } = rename(["a1"], ["SimpleSAMLByAttribute", "1", ""], "a1 a2\n");
    assert.deepEqual([status, homes], [1, ["a1"]]);
    assert.match(stderr, /does not make names as the stack's file says; deploy first/);
  });

  it("users are matched by what the hub stored of their source, and by the source's current name for them", () => {
    const kept = "a1.a2.east\nb1.b2.west\nc1.c2.east\n";
    assert.deepEqual(keptPairs(kept, "east", "source"), [
      { from: "a1", to: "a2" },
      { from: "c1", to: "c2" },
    ]);
    assert.deepEqual(keptPairs(kept, "west", "attribute"), [{ from: "b2", to: "b1" }]);
    // Computed by SimpleSAMLphp 1.19.7 with this salt; callystoSources.test.ts repeats that.
    const [salt, hostname] = ["it's <salt>\n", "hub-dev.callysto.farm"];
    assert.equal(hashedName(salt, hostname, "alice@east.test"), "b640f864ee44628a8c3017c22de56542f9324ba4");
    const about = { salt, hostname, entityId: "https://east.test/idp", names: "source" } as const;
    assert.deepEqual(computedPairs("alice@east.test\n\n", about), [
      { from: "b640f864ee44628a8c3017c22de56542f9324ba4", to: "25d82d25dcf9bcd65f9975a8cddc017c33da0929" },
    ]);
  });

  it("rename-homes asks which source's homes it should rename when the hub has several", () => {
    const one = { displayName: "x", metadataUrl: "https://x.test/m", entityId: "https://x.test" };
    assert.equal(sourceOf({ sources: { east: one } }, undefined), "east");
    assert.equal(sourceOf({ sources: { east: one, west: one } }, "west"), "west");
    assert.throws(
      () => sourceOf({ sources: { east: one, west: one } }, undefined),
      /name their source by --source: east, west/,
    );
    assert.throws(() => sourceOf({ sources: { east: one } }, "south"), /there is no source "south"; there are: east/);
  });
});
