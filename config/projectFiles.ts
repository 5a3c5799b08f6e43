/** Finds files by a pattern; their paths are the same on every system. */
import { globSync } from "node:fs";
import path from "node:path";
import { projectDir } from "./stackFile.ts";

/** Files that match a pattern, relative to the folder and with `/`, also on Windows; in the order of the file system. */
export function projectFiles(pattern: string | readonly string[], folder = projectDir): readonly string[] {
  return globSync(pattern, { cwd: folder }).map((file) => file.replaceAll(path.sep, "/"));
}
