/** Whether an update of a stack would meet what the last one left: the same program, settings, lab and state. */
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stackPath } from "../config/stackFile.ts";
import { labTarget, type Run, stateFile } from "./pulumi.ts";
import { root } from "./settings.ts";

/** Hours after which an update runs in any case: certificates of the program's own are renewed by updates. */
const hours = 24;

/** What the program consists of, and what aims it at the lab. */
const program = ["index.ts", "package-lock.json", "Pulumi.yaml", "{blocks,components,config,contracts,lab}/**/*"];

const recordFile = ({ lab }: Run, stack: string): string => path.join(lab.dir, `applied-${stack}`);

/** A text that changes with the files. */
function fingerprint(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files.toSorted()) {
    if (existsSync(file) && statSync(file).isFile()) hash.update(`${file}\n`).update(readFileSync(file));
  }
  return hash.digest("hex");
}

/** What an update reads. */
const readBy = (stack: string): string =>
  fingerprint([...globSync(program, { cwd: root }).map((file) => path.join(root, file)), stackPath(stack)]);

/** What an update leaves, and where. */
const leftBy = ({ lab }: Run, stack: string): string =>
  `${fingerprint([stateFile(lab, stack)])} ${createHash("sha256")
    .update(JSON.stringify(labTarget(lab)))
    .digest("hex")}`;

/** Whether nothing has changed since {@link remembered}, less than a day ago. */
export function isApplied(run: Run, stack: string): boolean {
  const file = recordFile(run, stack);
  if (!existsSync(file) || Date.now() - statSync(file).mtimeMs > hours * 3_600_000) return false;
  return readFileSync(file, "utf8") === `${readBy(stack)} ${leftBy(run, stack)}`;
}

/** Runs an update; one that succeeds is remembered. @returns Pulumi's exit code */
export async function remembered(run: Run, stack: string, update: () => Promise<number>): Promise<number> {
  rmSync(recordFile(run, stack), { force: true });
  // What is edited while it runs is for the next one.
  const read = readBy(stack);
  const code = await update();
  if (code === 0) writeFileSync(recordFile(run, stack), `${read} ${leftBy(run, stack)}`);
  return code;
}
