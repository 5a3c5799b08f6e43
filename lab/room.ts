/** Room on a disk. */
import { existsSync, statfsSync } from "node:fs";
import path from "node:path";

/** A folder and the GB that are free there. */
export interface Room {
  readonly folder: string;
  readonly gigabytes: number;
}

/** The room for a folder: at the nearest one above it that exists, where it does not. */
export function roomFor(wanted: string): Room {
  let folder = wanted;
  while (!existsSync(folder)) folder = path.dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  return { folder, gigabytes: (bavail * bsize) / 1e9 };
}
