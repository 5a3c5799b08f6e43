/** What somebody types who does not know the commands yet: each mistake is one line and the right exit code. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { orrery } from "./run.ts";

describe("a stranger's mistake", () => {
  let empty = "";
  before(() => {
    empty = mkdtempSync(path.join(tmpdir(), "orrery-stranger-"));
  });
  after(() => {
    rmSync(empty, { recursive: true });
  });

  for (const [title, words, code, message] of [
    ["no stack", ["status"], 2, /--stack S is missing: the stack: reads [^\n]*; there are (\w+, )*prod, /],
    [
      "a system that is none",
      ["contracts", "--system", "dails"],
      2,
      /--system is "dails"; [^\n]*did you mean "dials"\?/,
    ],
    [
      "a demo that is none",
      ["demo", "nobody"],
      2,
      /nothing shows nobody at work; there are callysto, dgraph, dials, packit, prow, station, stream, thoth/,
    ],
    ["a map of a change", ["review", "HEAD", "--map", "m.html"], 2, /--map is a page without changes: leave out BASE/],
    ["a map and a page", ["review", "--map", "m.html", "--page", "p.html"], 2, /leave out --page/],
    ["a dump that is not there", ["packit", "restore-database", "no.sql", "--stack", "stage"], 1, /no file no\.sql/],
  ] as const) {
    it(`${title} is named`, async () => {
      const { code: ended, stderr, stdout } = await orrery(...words);
      assert.equal(ended, code, stderr);
      assert.match(stderr, message);
      assert.equal(stdout, "");
    });
  }

  it("a stack that is none, or a lab that is none, installs nothing", async () => {
    const { ORRERY_LAB } = process.env;
    process.env.ORRERY_LAB = path.join(empty, "lab");
    try {
      for (const verb of ["apply", "preview", "destroy"]) {
        const { code, stderr } = await orrery("lab", verb, "stge");
        assert.equal(code, 2);
        assert.match(stderr, /^orrery: there is no stack "stge": [^\n]*; did you mean "stage"\?$/);
      }
      const { code, stderr } = await orrery("lab", "browse", "deck.example.test");
      assert.equal(code, 1);
      assert.match(stderr, /^orrery: there is no lab in [^\n]*$/);
      assert.deepEqual(readdirSync(empty), []);
    } finally {
      if (ORRERY_LAB === undefined) delete process.env.ORRERY_LAB;
      else process.env.ORRERY_LAB = ORRERY_LAB;
    }
  });

  it("artifacts of a cluster that does not answer are no success", async () => {
    const { code, stdout, stderr } = await orrery(
      "prow",
      "artifacts",
      "--stack",
      "stage",
      "--artifacts",
      path.join(empty, "a"),
    );
    assert.equal(code, 1);
    assert.equal(stdout, `artifacts are in ${path.join(empty, "a")}`);
    assert.match(stderr, /^not collected: the cluster: /m);
  });
});
