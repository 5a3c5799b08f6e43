/** Findings 11 and 24: stack files are replaced whole or not at all, and one command does not write over another's change. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, beforeEach, describe, it } from "mocha";
import { replaceFile, replaceFiles } from "../../../config/replaceFile.ts";
import { projectDir } from "../../../config/stackFile.ts";

describe("the replacement of a stack file", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "replaceFile-"));
  const file = path.join(dir, "Pulumi.mine.yaml");
  beforeEach(() => {
    for (const name of readdirSync(dir)) rmSync(path.join(dir, name), { recursive: true });
    writeFileSync(file, "old");
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });
  const left = (): readonly string[] => readdirSync(dir).sort();

  it("keeps the file's mode, and a link stays a link", () => {
    const link = path.join(dir, "link.yaml");
    symlinkSync(file, link);
    chmodSync(file, 0o600);
    replaceFile(link, "new");
    assert.equal(readFileSync(file, "utf8"), "new");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.deepEqual(left(), ["Pulumi.mine.yaml", "link.yaml"]);
  });

  it("writes nothing when one of several drafts is refused", () => {
    const other = path.join(dir, "Pulumi.other.yaml");
    writeFileSync(other, "other");
    const all = [
      { file, text: "new", before: "old" },
      { file: other, text: "wrong", before: "other" },
    ];
    const refuse = (draft: string): void => {
      assert.equal(path.dirname(path.dirname(draft)), dir);
      if (readFileSync(draft, "utf8") === "wrong") throw new Error(`${path.basename(draft)} is wrong`);
    };
    assert.throws(
      () => {
        replaceFiles(all, refuse);
      },
      { message: "Pulumi.other.yaml is wrong" },
    );
    assert.deepEqual([readFileSync(file, "utf8"), readFileSync(other, "utf8")], ["old", "other"]);
    assert.deepEqual(left(), ["Pulumi.mine.yaml", "Pulumi.other.yaml"]);
  });

  it("puts the first file back when the second cannot be replaced", () => {
    const other = path.join(dir, "Pulumi.other.yaml");
    writeFileSync(other, "other");
    const all = [
      { file, text: "new", before: "old" },
      { file: other, text: "new", before: "other" },
    ];
    const drafts: string[] = [];
    const vanish = (draft: string): void => {
      drafts.push(draft);
      if (drafts.length === 2) rmSync(draft);
    };
    assert.throws(() => {
      replaceFiles(all, vanish);
    }, /ENOENT/);
    assert.deepEqual([readFileSync(file, "utf8"), readFileSync(other, "utf8")], ["old", "other"]);
    assert.deepEqual(left(), ["Pulumi.mine.yaml", "Pulumi.other.yaml"]);
  });

  it("refuses to write over what somebody else wrote meanwhile, also where no file was", () => {
    const message = "Pulumi.mine.yaml was changed by somebody else meanwhile; nothing was written";
    for (const before of ["older", undefined]) {
      assert.throws(
        () => {
          replaceFiles([{ file, text: "new", before }]);
        },
        { message },
      );
    }
    assert.equal(readFileSync(file, "utf8"), "old");
  });

  it("leaves the old file whole when the disk is full", () => {
    const script = `import("${projectDir}/config/replaceFile.ts").then((m) => m.replaceFile(process.argv[1], "x".repeat(1 << 20)))
      .catch((error) => { console.error(error.code); process.exitCode = 1; });`;
    // A limit of a file's size is to a program what a full disk is.
    const { status, stderr } = spawnSync(
      "bash",
      ["-c", 'ulimit -f 64; trap "" XFSZ; exec "$0" -e "$1" "$2"', process.execPath, script, file],
      {
        encoding: "utf8",
      },
    );
    assert.deepEqual([status, stderr.trim()], [1, "EFBIG"]);
    assert.equal(readFileSync(file, "utf8"), "old");
    assert.deepEqual(left(), ["Pulumi.mine.yaml"]);
  });
});
