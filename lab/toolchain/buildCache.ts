/** Go's build cache in the cache of this machine; who has set GOCACHE keeps a cache of their own. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { cacheDir } from "../settings.ts";

/** Held while something is built: two builds at once would double the memory, and they share folders. */
export const buildLock = path.join(cacheDir, "toolchain.lock");

/** Folder of Go's build cache. */
export const buildCache = (cache: string): string => path.join(cache, "go-build");

/** Keeps it until this process ends, for what it still builds: a node's programs have most of a control plane's packages. */
export function keepBuildCache(): void {
  process.once("exit", removeBuildCache);
}

/** Removes it, up to 12 GB, unless another process builds with it. */
export function removeBuildCache(): void {
  if (process.env.GOCACHE !== undefined) return;
  spawnSync("flock", ["--nonblock", buildLock, "rm", "-rf", buildCache(cacheDir)]);
}
