import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { withTable } from "../../../peers/figures.ts";
import { GoOutput } from "../../../peers/goOutput.ts";
import { byPackage, goFlags } from "../../../peers/goTests.ts";
import { Kept } from "../../../peers/kept.ts";
import { runLeft } from "../../../peers/run.ts";
import { isGood, judge, readExpected } from "../../../peers/expected.ts";
import type { Control, Result } from "../../../peers/suite.ts";
import { verdictText } from "../../../peers/verdictText.ts";

const passed = (test: string): Result => ({ test, outcome: "passed", seconds: 1 });
const failed = (test: string): Result => ({ test, outcome: "failed", seconds: 2, says: "no" });
const control: Control = { stop: new AbortController().signal, child: () => Promise.resolve(0) };
const quiet = (): void => undefined;

describe("results of foreign test suites", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orrery-peers-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("of Go's tests come from the line that ends each, with the last reason; what a crash cut off has failed", () => {
    const reader = new GoOutput();
    const lines = [
      "=== RUN   TestOne",
      "    tools.go:72: created a network",
      "--- PASS: TestOne (1.50s)",
      "=== RUN   TestTwo",
      "    rules.go:10: Creating a rule",
      "    TestTwo: rules.go:12: \u001b[1;31mUnable to create: 409\u001b[0m",
      "    tools.go:80: Deleted a network",
      "--- FAIL: TestTwo (0.10s)",
      "=== RUN   TestThree",
      "    clients.go:3: this test needs an administrator",
      "--- SKIP: TestThree (0.00s)",
      "=== RUN   TestApply",
      "    dns.go:9: Step 1/2 error: Error running apply: exit status 1",
      "        ",
      "        Error: Error creating zone: 409",
      "        ",
      "          with openstack_dns_zone_v2.zone_1,",
      "    dns.go:9: Error running destroy: exit status 1",
      "--- FAIL: TestApply (0.20s)",
      "=== RUN   TestFour",
      "=== RUN   TestFour/part",
      "panic: runtime error: index out of range",
    ];
    assert.deepEqual(
      lines.flatMap((line) => reader.line(line) ?? []),
      [
        { test: "TestOne", outcome: "passed", seconds: 1.5 },
        { test: "TestTwo", outcome: "failed", seconds: 0.1, says: "Unable to create: 409" },
        { test: "TestThree", outcome: "skipped", seconds: 0, says: "this test needs an administrator" },
        { test: "TestApply", outcome: "failed", seconds: 0.2, says: "Error: Error creating zone: 409" },
      ],
    );
    assert.deepEqual(reader.unfinished(), [
      { test: "TestFour", outcome: "failed", seconds: 0, says: "panic: runtime error: index out of range" },
    ]);
  });

  it("a Go program gets exactly the tests that are left of its package", () => {
    const tests = ["a/v1 TestOne", "b TestTwo", "a/v1 TestThree"];
    assert.deepEqual(
      [...byPackage(tests)],
      [
        ["a/v1", ["TestOne", "TestThree"]],
        ["b", ["TestTwo"]],
      ],
    );
    assert.deepEqual(goFlags(["TestOne", "TestThree"]).slice(-2), ["-test.run", "^(TestOne|TestThree)$"]);
  });

  it("are kept at once: the next run goes on, a line that was cut off does not count", async () => {
    const first = new Kept(folder, "x", "1");
    first.begin(["a", "b", "c", "d"], undefined);
    first.add(passed("a"));
    first.add(failed("b"));
    appendFileSync(path.join(folder, "x.jsonl"), '{"test":"c","outc');
    const next = new Kept(folder, "x", "1");
    assert.deepEqual(next.left, ["c", "d"]);
    next.begin(["a", "b", "c", "d"], undefined);
    const asked: string[][] = [];
    const session = {
      tests: () => Promise.resolve(next.tests),
      run: (tests: readonly string[], report: (result: Result) => void) => {
        asked.push([...tests]);
        report(passed(tests[0] ?? ""));
        return Promise.resolve();
      },
    };
    await runLeft(session, next, control, quiet);
    assert.deepEqual(asked, [["c", "d"], ["d"]]);
    assert.deepEqual(new Kept(folder, "x", "1").left, []);
    assert.deepEqual(new Kept(folder, "x", "2").tests, [], "another version begins from nothing");
    for (const [name, text] of Object.entries({ empty: "", cut: '{"version":"1","tests":["a"' })) {
      writeFileSync(path.join(folder, `${name}.jsonl`), text);
      assert.deepEqual(new Kept(folder, name, "1").tests, [], "a file that was cut short begins from nothing");
    }
    next.begin(["a", "b", "c", "d"], "failed");
    assert.deepEqual(next.left, ["b"]);
    next.begin(["a", "b"], "all");
    assert.deepEqual(next.left, ["a", "b"]);
  });

  it("a run in which no test ends does not go on for ever", async () => {
    const kept = new Kept(folder, "x", "1");
    kept.begin(["a"], undefined);
    const session = { tests: () => Promise.resolve(["a"]), run: () => Promise.resolve() };
    await assert.rejects(runLeft(session, kept, control, quiet), /^Error: 1 tests were run, and none of them ended$/);
  });

  it("a failure that nobody expects fails the run, and so does a list that names no test, or one that passes now", () => {
    const file = path.join(folder, "x.yaml");
    writeFileSync(file, "- class: internet\n  reason: downloads an image\n  tests: [b, gone]\n");
    const expected = readExpected(file);
    const verdict = judge(["a", "b", "c", "d"], [passed("a"), failed("b"), failed("c")], expected);
    assert.deepEqual(
      [verdict.passed, verdict.failed, verdict.unexpected.map(({ test }) => test), verdict.unknown, verdict.left],
      [1, { internet: 1 }, ["c"], ["gone"], 1],
    );
    assert.equal(isGood(verdict), false);
    const all = ["a", "b", "gone"];
    const good = judge(all, [passed("a"), failed("b"), failed("gone")], expected);
    assert.deepEqual([good.surprises, isGood(good)], [[], true]);
    const better = judge(all, [passed("a"), failed("b"), passed("gone")], expected);
    assert.deepEqual([better.surprises, isGood(better)], [["gone"], false]);
    writeFileSync(file, `${readFileSync(file, "utf8")}  sometimes: true\n`);
    assert.ok(isGood(judge(all, [passed("a"), failed("b"), passed("gone")], readExpected(file))));
    const said = verdictText({ ...verdict, suite: "x", version: "1" });
    assert.match(
      said,
      /^x 1: 1 passed, 1 failed \(needs the internet\), 1 failed unexpectedly, 0 skipped, 1 not run yet\n/,
    );
    assert.match(said, /\n {2}failed: c: no\n/);
  });

  it("a list without a reason, of no known class, or with a test twice is refused, naming the file", () => {
    const file = path.join(folder, "x.yaml");
    for (const [text, says] of [
      ["- class: lab\n  tests: [a]\n", /x\.yaml: .*reason/s],
      ["- class: luck\n  reason: it does so at times\n  tests: [a]\n", /x\.yaml: .*class/s],
      ["- class: lab\n  reason: it does so at times\n  tests: [a, a]\n", /x\.yaml has a twice$/],
    ] as const) {
      writeFileSync(file, text);
      assert.throws(() => readExpected(file), says);
    }
  });

  it("the table counts what ran, by the reasons of its failures, and the share is of what the lab can run", async () => {
    const text = "# Lab\n\n<!-- peers: npm run peers -- --docs -->\n\nold\n\n<!-- /peers -->\n\nEnd.\n";
    const figures = {
      x: { version: "1", passed: 8, skipped: 3, failed: { lab: 1, internet: 1 }, left: 2 },
      y: { version: "2", passed: 11, skipped: 0, failed: { service: 1 } },
    };
    const made = await withTable(text, figures);
    const row = made.split("\n").find((line) => line.startsWith("| x"));
    assert.deepEqual(
      row
        ?.split("|")
        .map((cell) => cell.trim())
        .slice(1, -1),
      ["x", "1", "10", "8", "1", "1", "0", "0", "0", "3", "2"],
    );
    assert.match(made, /^Of the 20 tests that ran and that the lab can run .* 19 passed: 95\.0 %\.$/m);
    assert.ok(!made.includes("old") && made.endsWith("End.\n"));
    await assert.rejects(withTable("# Lab\n", figures), /lacks <!-- peers/);
  });
});
