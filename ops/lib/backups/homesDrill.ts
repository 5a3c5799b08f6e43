/** Restores the homes of a hub into a temporary folder, and counts what is in each. */
import { globSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type HomesContents, homesContentsFile } from "../../../components/callysto/guest/homesBackup.ts";
import { output } from "../process.ts";
import type { DrillOf, DrillResult } from "./drilled.ts";

/** Drills a backup of homes. */
export const drillHomes: DrillOf = async (restore) => {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-drill-"));
  try {
    await restore(folder);
    await open(folder);
    // The path that the hub saved is part of what restic restores, and a home may have a file of that name.
    const found = globSync(`${folder}/**/${homesContentsFile}`).toSorted((a, b) => a.length - b.length)[0];
    if (found === undefined) return { problems: [`the backup has no ${homesContentsFile}`], compared: "" };
    return compareHomes(path.dirname(found));
  } finally {
    await open(folder);
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Modes are restored, too: without root, what is in a read-only folder could be neither counted nor removed. */
async function open(folder: string): Promise<void> {
  await output("chmod", ["-R", "u+rwX", folder], { timeout: 3600 });
}

/** Compares a folder with its list of what was saved. */
export function compareHomes(folder: string): DrillResult {
  const { homes } = JSON.parse(readFileSync(path.join(folder, homesContentsFile), "utf8")) as HomesContents;
  const there = new Set(readdirSync(path.join(folder, "homes")));
  const problems = Object.entries(homes).flatMap(([name, saved]) => {
    if (!there.has(name)) return [`home ${name} is missing`];
    const { files, bytes } = counted(Buffer.from(path.join(folder, "homes", name)));
    return files === saved.files && bytes === saved.bytes
      ? []
      : [`home ${name} has ${files} files of ${bytes} bytes, ${saved.files} of ${saved.bytes} were saved`];
  });
  const files = Object.values(homes).reduce((sum, one) => sum + one.files, 0);
  return { problems, compared: `${Object.keys(homes).length} homes, ${files} files` };
}

/** Files below a folder and their bytes; names may be of any encoding, links are not followed. */
function counted(folder: Buffer): HomesContents["homes"][string] {
  let [files, bytes] = [0, 0];
  for (const one of readdirSync(folder, { withFileTypes: true, encoding: "buffer" })) {
    const place = Buffer.concat([folder, Buffer.from(path.sep), one.name]);
    if (!one.isDirectory() && !one.isFile()) continue;
    const below = one.isDirectory() ? counted(place) : { files: 1, bytes: lstatSync(place).size };
    files += below.files;
    bytes += below.bytes;
  }
  return { files, bytes };
}
