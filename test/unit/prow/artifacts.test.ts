/** Collecting artifacts into a folder that others may use, too. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { ArtifactsFolder, listFile } from "../../../ops/lib/prow/artifactsFolder.ts";
import { orrery } from "../cli/run.ts";

describe("the folder of Prow's artifacts", () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(path.join(tmpdir(), "orrery-artifacts-"));
    folder = path.join(parent, "artifacts");
  });
  afterEach(() => {
    rmSync(parent, { recursive: true });
  });

  /** Puts a file of somebody else into the folder. @returns its path */
  function foreignFile(): string {
    const file = path.join(folder, "notes.txt");
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, "mine");
    return file;
  }

  it("is created, or taken when it is empty", () => {
    new ArtifactsFolder(folder).write("pods/hook", "logs");
    assert.equal(readFileSync(path.join(folder, "pods", "hook"), "utf8"), "logs");
    const empty = path.join(parent, "empty");
    mkdirSync(empty);
    new ArtifactsFolder(empty).write("events.txt", "none");
    assert.deepEqual(readdirSync(empty).sort(), [listFile, "events.txt"]);
  });

  it("loses the files of the run before, and nothing that others put there", () => {
    new ArtifactsFolder(folder).write("pods/hook", "logs");
    const notes = foreignFile();
    new ArtifactsFolder(folder).write("events.txt", "none");
    assert.ok(!existsSync(path.join(folder, "pods", "hook")));
    assert.equal(readFileSync(notes, "utf8"), "mine");
  });

  it("loses nothing outside it, whatever its list says", () => {
    const outside = path.join(parent, "outside.txt");
    writeFileSync(outside, "mine");
    mkdirSync(path.join(folder, "kept"), { recursive: true });
    symlinkSync(outside, path.join(folder, "link"));
    writeFileSync(path.join(folder, listFile), `../outside.txt\n${outside}\nlink\nkept\n.\n\n`);
    new ArtifactsFolder(folder);
    assert.equal(readFileSync(outside, "utf8"), "mine");
    assert.deepEqual(readdirSync(folder).sort(), [listFile, "kept", "link"]);
  });

  it("is refused when others have files in it, and when it is a file", () => {
    const notes = foreignFile();
    assert.throws(() => new ArtifactsFolder(folder), /artifacts is not empty and was not written by prow artifacts/);
    assert.throws(() => new ArtifactsFolder(notes), /notes\.txt is not a folder/);
    assert.deepEqual(readdirSync(folder), ["notes.txt"]);
  });

  for (const name of ["artifacts", "converge", "test"]) {
    it(`is refused by prow ${name} before anything is done, also when ARTIFACTS names it`, async () => {
      const notes = foreignFile();
      const { ARTIFACTS: before } = process.env;
      try {
        const named = await orrery("prow", name, "--stack", "prod", "--artifacts", folder);
        process.env.ARTIFACTS = folder;
        const fromVariable = await orrery("prow", name, "--stack", "prod");
        for (const { code, stderr } of [named, fromVariable]) {
          assert.equal(code, 1);
          assert.match(
            stderr,
            /^orrery: \S+ is not empty and was not written by prow artifacts, so nothing is written/,
          );
        }
      } finally {
        if (before === undefined) delete process.env.ARTIFACTS;
        else process.env.ARTIFACTS = before;
      }
      assert.equal(readFileSync(notes, "utf8"), "mine");
    });
  }
});
