/** Counts how often the engine saves a stack's state, and how much it writes. */
import { mkdirSync, readFileSync, statSync, watch } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { root } from "../lab/settings.ts";
import type { Target } from "../lab/harness/engine.ts";

/** A count under way. */
export interface Count {
  /** Ends it. @returns what was saved; undefined where the backend is no folder */
  end(): Promise<Saves | undefined>;
}

/** States that were saved while somebody counted. */
export interface Saves {
  readonly count: number;
  /** Megabytes of all of them, each with the size that it has when the kernel reports it; without the copies (`.bak`). */
  readonly megabytes: number;
}

/**
 * Begins to count. The backend writes each state into a new file and gives it the state's name, which the kernel
 * reports (inotify), so no state is missed, however short it lives.
 */
export function countSaves({ stack, project }: Target): Count {
  const folder = statesFolder(project ?? root);
  if (folder === undefined) return { end: () => Promise.resolve(undefined) };
  mkdirSync(folder, { recursive: true });
  let [count, bytes] = [0, 0];
  const watcher = watch(folder, (event, name) => {
    if (event !== "rename" || name !== `${stack}.json`) return;
    count++;
    bytes += statSync(path.join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  });
  return {
    async end() {
      await sleep(50); // reports that are still on their way
      watcher.close();
      return { count, megabytes: bytes / 1e6 };
    },
  };
}

function statesFolder(project: string): string | undefined {
  const url = process.env.PULUMI_BACKEND_URL ?? "";
  if (!url.startsWith("file://")) return undefined;
  const { name } = parse(readFileSync(path.join(project, "Pulumi.yaml"), "utf8")) as { name: string };
  return path.join(fileURLToPath(url), ".pulumi", "stacks", name);
}
