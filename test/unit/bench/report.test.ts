import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { goals } from "../../../bench/goals.ts";
import { plots, resultsFile, withFigures } from "../../../bench/report.ts";
import { type Life, merged, nothing, type Results, type Saved } from "../../../bench/results.ts";
import { apart, bars, lines } from "../../../bench/svg.ts";
import { tables } from "../../../bench/tables.ts";

const docs = path.dirname(resultsFile);
const results = JSON.parse(readFileSync(resultsFile, "utf8")) as Results;

/** Tags that are opened and not closed, or closed and not opened. */
function unbalanced(xml: string): readonly string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, closing, name = "", self] of xml.matchAll(/<(\/?)([a-zA-Z]+)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (closing === "/") {
      if (open.pop() !== name) wrong.push(name);
    } else if (self !== "/") open.push(name);
  }
  return [...open, ...wrong];
}

const life = (system: string, contestant: string, up: number, noop: number): Life => ({
  system,
  contestant,
  resources: 1,
  seconds: { up: [up, up, up + 9], noop: [noop] },
});

describe("bench: the report", () => {
  it("docs/performance.md has the figures of docs/performance.json", () => {
    const text = readFileSync(path.join(docs, "performance.md"), "utf8");
    assert.equal(text, withFigures(text, results), "run npm run bench -- report");
  });

  it("the plots are those of docs/performance.json, and the page shows each of them", () => {
    const folder = path.join(docs, "performance");
    const drawn = plots(results);
    assert.deepEqual(readdirSync(folder).sort(), [...drawn.keys()].sort());
    const text = readFileSync(path.join(docs, "performance.md"), "utf8");
    for (const [name, svg] of drawn) {
      assert.equal(readFileSync(path.join(folder, name), "utf8"), svg, `${name}: run npm run bench -- report`);
      assert.ok(text.includes(`performance/${name}`), name);
    }
  });

  it("plots are well-formed whatever text a label holds", () => {
    const label = `<a> & "b"`;
    const svgs = [
      ...plots(results).values(),
      bars(label, label, [{ label, bars: [{ label, value: 2, colour: 0 }] }], "s"),
      lines(
        label,
        label,
        [
          {
            label,
            colour: 1,
            points: [
              [1, 1],
              [10, 20],
            ],
          },
        ],
        "s",
        label,
      ),
    ];
    for (const svg of svgs) {
      assert.deepEqual(unbalanced(svg), []);
      assert.doesNotMatch(svg, /NaN|undefined|Infinity|&(?!amp;|lt;|gt;|quot;)/);
    }
  });

  it("goals are ratios of medians, and only of what was measured", () => {
    const none = { lives: [], diffs: [], growth: [] };
    assert.deepEqual(goals(none), []);
    const others = ["stream", "prow", "thoth", "callysto"].map((system) => life(system, "today's tool", 0, 1));
    const some = [
      life("all", "orrery", 60, 11),
      life("all", "bare program", 50, 10),
      life("dials", "kubectl", 40, 1),
      life("dials", "orrery", 40, 1),
      life("packit", "Ansible", 60, 1),
    ];
    const limits = goals({ ...none, lives: some }).map(({ limit }) => limit);
    assert.deepEqual(limits, [1.15], "a sum without some of the systems proves nothing");
    assert.deepEqual(
      goals({ ...none, lives: [...some, ...others] }).map(({ value, limit }) => [value, limit]),
      [
        [1.1, 1.15],
        [0.6, 1],
      ],
    );
    const diffs = [{ stack: "test", objects: 1, render: [1], offline: [2], kubectl: [4] }];
    assert.deepEqual(
      goals({ ...none, diffs }).map(({ value }) => value),
      [0.5],
    );
  });

  it("another run replaces its own parts and systems only", () => {
    const one = { ...nothing, lives: [life("dials", "kubectl", 1, 1), life("packit", "Ansible", 1, 1)] };
    const two = { ...nothing, lives: [life("packit", "Ansible", 2, 2)], circumstances: results.circumstances };
    const both = merged(one, two);
    assert.deepEqual(
      both.lives.map(({ system, seconds }) => [system, seconds.noop]),
      [
        ["dials", [1]],
        ["packit", [2]],
      ],
    );
    assert.deepEqual(both.circumstances, results.circumstances);
  });

  it("a shared stack is shown as multiples of a team's own", () => {
    const of = (seconds: number, saves: number, megabytes: number): Saved => ({
      ...{ seconds: [seconds, seconds, 99], saves: [saves], megabytes: [megabytes] },
    });
    const text = tables({
      ...nothing,
      stacks: [
        { teams: 1, stacks: 1, resources: 30, up: of(8, 60, 2), change: of(4, 3, 0.5) },
        { teams: 10, stacks: 1, resources: 282, up: of(40, 570, 100), change: of(6, 3, 4) },
      ],
    });
    assert.match(text, /\| 1 \| 1 \| 30 \| 8\.0 s \| 2\.0 MB in 60 \| 4\.0 s \| 0\.5 MB in 3 \|/);
    assert.match(
      text,
      /\| 10 \| 1 \| 282 \| 40\.0 s \(5\.0x\) \| 100\.0 MB in 570 \(50\.0x\) \| 6\.0 s \(1\.5x\) \| 4\.0 MB in 3 \(8\.0x\) \|/,
    );
  });

  it("an older commit is shown next to this one, with processor time and saved states", () => {
    const now = { ...life("thoth", "orrery", 5, 1), cpu: { up: [3] }, saves: { up: [70] } };
    const before = {
      ...life("thoth", "orrery@0123456789", 10, 1),
      resources: 2,
      cpu: { up: [6] },
      saves: { up: [100] },
    };
    const text = tables({ ...nothing, versions: [now, before], circumstances: results.circumstances });
    assert.match(
      text,
      /\| 2 to 1 \| 3 \| from nothing to ready \| 10\.0 to 5\.0 s \(0\.50x\) \| 6\.0 to 3\.0 s \(0\.50x\) \| 100 to 70 \(0\.70x\) \|/,
    );
    assert.doesNotMatch(tables({ ...nothing, versions: [now], circumstances: results.circumstances }), /states saved/);
  });

  it("the report says when a goal is not reached", () => {
    const diffs = [{ stack: "test", objects: 1, render: [1], offline: [3], kubectl: [4] }];
    const text = tables({ ...results, lives: [], growth: [], diffs });
    assert.match(text, /\| 0\.6 \| 0\.75 \| \*\*no\*\* \|/);
  });

  it("labels of an axis do not overlap", () => {
    const place = (value: number): number => 330 - 100 * Math.log10(value);
    assert.deepEqual(apart([174, 66, 162, 606, 174, 655], place, 36), [66, 162, 606]);
    assert.deepEqual(apart([], place, 36), []);
  });
});
