import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Collector } from "../../../ops/lib/status/collector.ts";
import { collect } from "../../../ops/lib/status/collect.ts";
import { isWell } from "../../../ops/lib/status/row.ts";
import type { Declaration } from "../../../ops/lib/status/situation.ts";
import { stackPath } from "../../../config/stackFile.ts";

const declaration: Declaration = {
  ...{ name: "prod", file: stackPath("prod"), text: "", systems: ["packit", "prow"] },
  ...{ objects: new Map(), resources: [], images: [] },
};

/** A collector with one question. */
const asking = (
  name: string,
  target: string,
  systems: readonly string[],
  ask: () => Promise<never[] | { system: string; part: string; state: "ok" | "bad"; text: string }[]>,
): Collector => ({
  name,
  asks: "something",
  questions: () => [{ target, systems, ask }],
});

describe("collecting a status", () => {
  const fine = asking("a", "cluster x", ["packit"], () =>
    Promise.resolve([{ system: "packit", part: "p", state: "ok", text: "t" }]),
  );

  it("a source that says nothing in time is said, and holds up nobody", async () => {
    const silent = asking("b", "cluster y", ["prow"], () => new Promise(() => undefined));
    const begin = Date.now();
    const report = await collect(
      declaration,
      { stack: "prod" },
      { collectors: [fine, silent], systems: declaration.systems, limit: 0.2 },
    );
    assert.ok(Date.now() - begin < 2000);
    assert.deepEqual(report.rows, [
      { source: "a", system: "packit", part: "p", state: "ok", text: "t" },
      {
        source: "b",
        system: "prow",
        part: "cluster y",
        state: "unknown",
        text: "did not say (b): no answer within 0.2 s",
      },
    ]);
    assert.deepEqual(
      report.sources.map(({ name, problem }) => [name, problem]),
      [
        ["a", undefined],
        ["b", "no answer within 0.2 s"],
      ],
    );
    assert.equal(isWell(report), false);
  });

  it("questions to one place that fail alike are one row in each system that they concern", async () => {
    const refused = (name: string) =>
      asking(name, "cluster y", ["packit", "prow"], () => Promise.reject(new Error("refuses the login")));
    const { rows } = await collect(
      declaration,
      { stack: "prod" },
      { collectors: [refused("b"), refused("c")], systems: declaration.systems, limit: 1 },
    );
    assert.deepEqual(
      rows.map(({ system, part, text }) => [system, part, text]),
      [
        ["packit", "cluster y", "did not say (b, c): refuses the login"],
        ["prow", "cluster y", "did not say (b, c): refuses the login"],
      ],
    );
  });

  it("only the systems that are asked for are asked and reported, and what they share", async () => {
    let asked = 0;
    const other = asking("b", "cluster y", ["prow"], () => {
      asked += 1;
      return Promise.resolve([]);
    });
    const both = asking("c", "cluster z", ["packit", "prow"], () =>
      Promise.resolve([
        { system: "prow", part: "q", state: "bad", text: "t" },
        { system: "stack", part: "s", state: "ok", text: "t" },
      ]),
    );
    const report = await collect(
      declaration,
      { stack: "prod" },
      { collectors: [fine, other, both], systems: ["packit"], limit: 1 },
    );
    assert.equal(asked, 0);
    assert.deepEqual(
      report.rows.map(({ part }) => part),
      ["p", "s"],
    );
    assert.equal(isWell(report), true);
  });
});
