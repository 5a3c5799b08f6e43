/** What every command of the lab begins with. */
import { stackPath } from "../config/stackFile.ts";
import { install } from "./lab.ts";
import type { Log } from "./component.ts";
import type { Run } from "./pulumi.ts";
import { labSettings } from "./settings.ts";

/** One line of progress on stderr, with the seconds since the start of the process. */
export const log: Log = (line) => {
  console.error(`${process.uptime().toFixed(1).padStart(7)} s  ${line}`);
};

/** The lab of this checkout, after everything that is missing was installed. */
export async function openLab(): Promise<Run> {
  const lab = labSettings();
  return { lab, toolchain: await install(log), log };
}

/** The same for a stack's program: a name without a file is refused before anything is installed. */
export async function openLabFor(stack: string): Promise<Run> {
  stackPath(stack);
  return openLab();
}
