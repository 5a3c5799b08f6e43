/** Checks of folders. */
import { existsSync } from "node:fs";
import path from "node:path";

/** Files that a folder lacks. */
export function missingFiles(folder: string, files: readonly string[]): readonly string[] {
  return files.filter((file) => !existsSync(path.join(folder, file)));
}
