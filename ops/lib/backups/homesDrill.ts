/** Restores the homes of a hub into a temporary folder, and counts what is in each. */
import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type HomesContents, homesContentsFile } from "../../../components/callysto/guest/homesBackup.ts";
import type { DrillOf, DrillResult } from "./drilled.ts";

/** Drills a backup of homes. */
export const drillHomes: DrillOf = async (restore) => {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-drill-"));
  try {
    await restore(folder);
    open(folder);
    // The path that the hub saved is part of what restic restores, and a home may have a file of that name.
    const found = globSync(`${folder}/**/${homesContentsFile}`).toSorted((a, b) => a.length - b.length)[0];
    if (found === undefined) return { problems: [`the backup has no ${homesContentsFile}`], compared: "" };
    return compareHomes(path.dirname(found));
  } finally {
    open(folder);
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Modes are restored, too: without root, what is in a read-only folder could be neither counted nor removed. */
function open(folder: string): void {
  execFileSync("chmod", ["-R", "u+rwX", folder]);
}

/** Compares a folder with its list of what was saved. */
export function compareHomes(folder: string): DrillResult {
  const { homes } = JSON.parse(readFileSync(path.join(folder, homesContentsFile), "utf8")) as HomesContents;
  const there = new Set(readdirSync(path.join(folder, "homes")));
  const problems = Object.entries(homes).flatMap(([name, saved]) => {
    if (!there.has(name)) return [`home ${name} is missing`];
    const { files, bytes } = counted(path.join(folder, "homes", name));
    return files === saved.files && bytes === saved.bytes
      ? []
      : [`home ${name} has ${files} files of ${bytes} bytes, ${saved.files} of ${saved.bytes} were saved`];
  });
  const files = Object.values(homes).reduce((sum, one) => sum + one.files, 0);
  return { problems, compared: `${Object.keys(homes).length} homes, ${files} files` };
}

/** Files below a folder and their bytes, as the hub counts them: names may be of any encoding. Links are not followed. */
function counted(folder: string): HomesContents["homes"][string] {
  const sizes = execFileSync("find", [folder, "-type", "f", "-printf", "%s\\n"], {
    encoding: "latin1",
    maxBuffer: 2 ** 30,
  });
  const found = sizes.split("\n").slice(0, -1).map(Number);
  return { files: found.length, bytes: found.reduce((sum, one) => sum + one, 0) };
}
