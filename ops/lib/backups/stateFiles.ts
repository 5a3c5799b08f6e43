/** Pulumi's state and the stack's file as files to save, and whether saved ones are whole. */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { crypterOf } from "../secrets.ts";
import type { DrillResult } from "./drilled.ts";
import { isSavedState, type SavedState, savedResources } from "./savedState.ts";

const contentsFile = "contents.json";

/** What was saved. */
interface StateContents {
  readonly stack: string;
  readonly resources: number;
  /** SHA-256 by the name of the file. */
  readonly files: Readonly<Record<string, string>>;
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** Writes state, stack file and their checksums into a folder. @returns how many resources the state has @throws if it is not complete */
export function writeStateFiles({ stack, file, name: stateFile, bytes }: SavedState, folder: string): number {
  const resources = savedResources(stateFile, bytes);
  if (resources === undefined) throw new Error(`the state of ${stack} is damaged: npx orrery state recover`);
  const saved = new Map([
    [stateFile, bytes],
    [`Pulumi.${stack}.yaml`, readFileSync(file)],
  ]);
  const files = Object.fromEntries([...saved].map(([name, bytes]) => [name, sha256(bytes)]));
  const contents: StateContents = { stack, resources, files };
  for (const [name, bytes] of saved) writeFileSync(path.join(folder, name), bytes, { mode: 0o600 });
  writeFileSync(path.join(folder, contentsFile), JSON.stringify(contents));
  return resources;
}

/** Drills a backup of a state. @param restore - restores it into a folder */
export async function drillState(restore: (folder: string) => Promise<void>): Promise<DrillResult> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-drill-"));
  try {
    await restore(folder);
    const [found] = globSync(`${folder}/**/${contentsFile}`);
    if (found === undefined) return { problems: [`the backup has no ${contentsFile}`], compared: "" };
    return compareState(path.dirname(found));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compareState(folder: string): DrillResult {
  const { stack, resources, files } = JSON.parse(
    readFileSync(path.join(folder, contentsFile), "utf8"),
  ) as StateContents;
  const problems = Object.entries(files).flatMap(([name, sum]) => {
    const file = path.join(folder, name);
    if (!existsSync(file)) return [`${name} is missing`];
    return sha256(readFileSync(file)) === sum ? [] : [`${name} is not what was saved`];
  });
  const state = Object.keys(files).find(isSavedState) ?? "";
  const compared = `${resources} resources and the stack's file`;
  if (problems.length > 0) return { problems, compared };
  const found = savedResources(state, readFileSync(path.join(folder, state)));
  if (found !== resources)
    return { problems: [`the state has ${found ?? 0} resources, ${resources} were saved`], compared };
  const file = path.join(folder, `Pulumi.${stack}.yaml`);
  try {
    crypterOf({ name: stack, file });
  } catch (error) {
    return { problems: [`the saved stack file: ${(error as Error).message}`], compared };
  }
  return { problems: [], compared };
}
