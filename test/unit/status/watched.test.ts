import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { stackPath } from "../../../config/stackFile.ts";
import type { Collector } from "../../../ops/lib/status/collector.ts";
import { isWell } from "../../../ops/lib/status/row.ts";
import { Watched } from "../../../ops/lib/status/watched.ts";
import { orrery } from "../cli/run.ts";

const counting: Collector = {
  name: "counting",
  asks: "nothing",
  questions: ({ name, systems }) => [
    {
      target: name,
      systems: [],
      ask: () => Promise.resolve([{ system: "stack", part: systems.join(), state: "ok", text: "t" }]),
    },
  ],
};
const asked = { collectors: [counting], limit: 7 };

describe("looking again and again", function () {
  this.timeout(600_000);
  const dir = mkdtempSync(path.join(tmpdir(), "watched-"));
  const file = path.join(dir, "stack.yaml");
  before(() => {
    copyFileSync(stackPath("test"), file);
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("a file that is damaged while it is watched is a bad row, and the next look is well again", async () => {
    const watched = new Watched({ stack: "test", configFile: file }, { ...asked, systems: [] });
    const text = readFileSync(file, "utf8");
    const first = await watched.look();
    assert.equal(isWell(first), true);
    writeFileSync(file, text.replace(/^( {2}dials:settings:)$/m, "$1\n    nothing: 1"));
    const broken = await watched.lookAnyway();
    assert.deepEqual(broken.systems, first.systems);
    assert.deepEqual(
      broken.rows.map(({ system, part, state }) => [system, part, state]),
      [["stack", "Pulumi.test.yaml", "bad"]],
    );
    assert.equal(isWell(broken), false);
    writeFileSync(file, text);
    assert.deepEqual((await watched.lookAnyway()).rows, first.rows);
  });

  it("a system that the stack lacks is refused before anything is asked", () => {
    assert.throws(
      () => new Watched({ stack: "test", configFile: file }, { ...asked, systems: ["none"] }),
      /Pulumi\.test\.yaml has no system none; it has /,
    );
  });

  it("--page takes a pattern: one page of all stacks, and the answers as for any group", async () => {
    const page = path.join(dir, "page.html");
    const words = ["--stack", "*", "--only", "drift", "--page", page];
    const { code, stdout } = await orrery("status", ...words, "--json");
    assert.equal(code, 0, stdout);
    const answers = JSON.parse(stdout) as { stack: string; code: number; answer: { stack: string } }[];
    assert.deepEqual(
      answers.map(({ stack, code: own, answer }) => [stack, own, answer.stack]),
      ["prod", "stage", "test"].map((stack) => [stack, 0, stack]),
    );
    const [, json = ""] = /type="application\/json">([\s\S]*?)<\/script>/.exec(readFileSync(page, "utf8")) ?? [];
    const shown = JSON.parse(json) as { title: string; reports: { stack: string }[] };
    assert.deepEqual([shown.title, shown.reports.map(({ stack }) => stack)], ["*", ["prod", "stage", "test"]]);
    const plain = await orrery("status", ...words);
    assert.match(plain.stdout, /^== prod\nprod at .*\n[^]*\n== stage\nstage at [^]*\n== test\n/);
  });

  it("--drift-every is refused where nothing goes on", async () => {
    const { code, stderr } = await orrery("status", "--stack", "test", "--drift-every", "1h");
    assert.equal(code, 2);
    assert.match(stderr, /^orrery: --drift-every is for --serve and --watch; --drift compares once$/m);
  });
});
