/** Renamed resources: what the code knows by a former name is in the table of docs/contributing.md, with its date, and nothing else is. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { projectFiles } from "../../config/projectFiles.ts";
import { projectDir } from "../../config/stackFile.ts";

const read = (file: string): string => readFileSync(path.join(projectDir, file), "utf8");

/** Files of a program that give a resource a former name. */
const aliased = (files: readonly string[], text: (file: string) => string): string[] =>
  files.filter((file) => /\baliases:/.test(text(file)));

/** Rows of the table: date and file. */
function rowsOf(document: string): { readonly since: string; readonly file: string }[] {
  const [, table] = /<!-- aliases -->([^]*?)<!-- \/aliases -->/.exec(document) ?? [];
  assert.ok(table !== undefined, "docs/contributing.md has no table of aliases");
  return table
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")))
    .map(([, since = "", file = ""]) => ({ since, file }));
}

describe("renamed resources", () => {
  it("are in the table of docs/contributing.md, a row and a date each", () => {
    const files = projectFiles("{blocks,components}/**/*.ts").concat("index.ts");
    const rows = rowsOf(read("docs/contributing.md"));
    assert.deepEqual([...new Set(rows.map(({ file }) => file))].sort(), aliased(files, read).sort());
    for (const { since, file } of rows) assert.match(since, /^20\d\d-\d\d-\d\d$/, file);
  });

  it("are found in code and table", () => {
    const code = { "a.ts": '{ parent: this, aliases: [{ name: "old" }] }', "b.ts": '{ path: "/etc/aliases" }' };
    assert.deepEqual(
      aliased(Object.keys(code), (file) => code[file as keyof typeof code]),
      ["a.ts"],
    );
    const table = "<!-- aliases -->\n| since | file |\n| - | - |\n| 2027-01-02 | `a.ts` |\n<!-- /aliases -->";
    assert.deepEqual(rowsOf(table), [{ since: "2027-01-02", file: "a.ts" }]);
  });
});
