/** The parity tables: what they name exists, and the overview counts what they say. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { projectFiles } from "../../config/projectFiles.ts";
import { projectDir } from "../../config/stackFile.ts";

interface Row {
  readonly number: string;
  readonly runs: string;
  readonly builtIn: string;
  readonly test: string;
  /** What differs, and why. */
  readonly notes: string;
}

const folder = path.join(projectDir, "docs", "history", "parity");
const systems = projectFiles("*.md", folder).map((file) => path.basename(file, ".md"));

const read = (...steps: readonly string[]): string => readFileSync(path.join(projectDir, ...steps), "utf8");

/** Cells of every row that begins with a number or a link; a "|" inside a cell is written as "\|". */
const cells = (text: string): readonly (readonly string[])[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

function rowsOf(system: string): readonly Row[] {
  return cells(read("docs", "history", "parity", `${system}.md`))
    .filter(([number = ""]) => /^\d+$/.test(number))
    .map(([number = "", , runs = "", builtIn = "", test = "", notes = ""]) => ({ number, runs, builtIn, test, notes }));
}

/** Files and folders that a cell names, without commands, settings and the like. */
const pathsIn = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([\w./-]+(?:\.(?:ts|py|sh|json|yaml|mjs)|\/))`/g)].map(([, found = ""]) => found);

describe("the parity tables", () => {
  it("each parity table is about a system in components/", () => {
    const known = projectFiles("components/*/index.ts").map((file) => file.split("/")[1]);
    assert.deepEqual(
      systems.filter((system) => !known.includes(system)),
      [],
    );
    assert.ok(systems.length > 0);
  });

  for (const system of systems) {
    it(`rows of ${system}'s parity table are numbered from 1 and say how each runs, and where it is built`, () => {
      const rows = rowsOf(system);
      assert.deepEqual(
        rows.map(({ number }) => number),
        rows.map((_, index) => String(index + 1)),
      );
      const wrong = rows.filter(({ runs, builtIn }) =>
        builtIn === "–" ? runs !== "–" : !["real", "contract", "objects"].includes(runs),
      );
      assert.deepEqual(wrong, []);
    });

    it(`files in ${system}'s parity table exist`, () => {
      const rows = rowsOf(system);
      const homes = [`components/${system}`, "."];
      const missing = rows.flatMap(({ number, builtIn, test }) => [
        ...pathsIn(builtIn)
          .filter((file) => !homes.some((home) => existsSync(path.join(projectDir, home, file))))
          .map((file) => `row ${number}: ${file}`),
        ...pathsIn(test)
          .filter((file) => !existsSync(path.join(projectDir, "test", file)))
          .map((file) => `row ${number}: test/${file}`),
      ]);
      assert.deepEqual(missing, []);
    });

    it(`each row of ${system}'s parity table that is real names a live test`, () => {
      const untested = rowsOf(system).filter(
        ({ runs, test }) => runs === "real" && !/`live\/[\w/]+\.test\.ts`/.test(test),
      );
      assert.deepEqual(untested, []);
    });
  }

  it("at most 25 rows are objects only, and each says why", () => {
    const all = systems.flatMap((system) => rowsOf(system).map((row) => ({ system, ...row })));
    const objects = all.filter(({ runs }) => runs === "objects");
    assert.ok(objects.length <= 25, String(objects.length));
    const silent = objects.filter(({ notes }) => !/^(Nothing to run|Not run: )/.test(notes));
    assert.deepEqual(
      silent.map(({ system, number }) => `${system} ${number}`),
      [],
    );
  });

  it("the overview counts the rows of the parity tables", () => {
    const count = (rows: readonly Row[]): readonly string[] =>
      [rows, ...["real", "contract", "objects", "–"].map((word) => rows.filter(({ runs }) => runs === word))].map(
        ({ length }) => String(length),
      );
    const overview = cells(read("docs", "parity.md"));
    const counted = new Map(
      overview.map(([name = "", ...numbers]) => [/parity\/(\w+)\.md/.exec(name)?.[1] ?? name, numbers]),
    );
    for (const system of systems) assert.deepEqual(counted.get(system), count(rowsOf(system)), system);
    assert.deepEqual(counted.get("all"), count(systems.flatMap(rowsOf)));
  });
});
