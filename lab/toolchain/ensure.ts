/** Artifacts outside the toolchain, which only some commands use: they are built when they are first used. */
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { Log } from "../component.ts";
import { lock } from "../lock.ts";
import { cacheDir } from "../settings.ts";
import type { Artifact } from "./artifacts.ts";
import { artifactFolder, buildArtifact } from "./build.ts";
import { buildLock, keepBuildCache } from "./buildCache.ts";
import { source } from "./download.ts";
import { missingFor } from "./toolchain.ts";

/** What is built, for messages, and what it takes. */
interface Collection {
  readonly title: string;
  /** Disk space of a build, in GB: modules, Go's build cache and the binaries. */
  readonly gigabytes: number;
  /** Folder of the sources. @default this directory */
  readonly sources?: string;
}

/** Builds the missing artifacts, one checkout at a time. @throws if a requirement is missing or a build fails */
export async function ensureArtifacts(
  artifacts: readonly Artifact[],
  { title, gigabytes, sources = import.meta.dirname }: Collection,
  log: Log,
): Promise<void> {
  const missing = (): readonly Artifact[] =>
    artifacts.filter((artifact) => !existsSync(artifactFolder(cacheDir, artifact, sources)));
  if (missing().length === 0) return;
  const environment = { cache: cacheDir, source: source(), log, sources };
  const [problem] = missingFor(title, gigabytes);
  if (problem !== undefined) throw new Error(problem);
  mkdirSync(path.join(cacheDir, "log"), { recursive: true });
  const busy = `another checkout is building ${title} or the toolchain`;
  const release = await lock(buildLock, log, busy);
  try {
    keepBuildCache();
    const todo = missing(); // another checkout may have built some meanwhile
    for (const [index, artifact] of todo.entries()) {
      await buildArtifact(artifact, `${title} [${index + 1}/${todo.length}] ${artifact.name}`, environment);
    }
  } finally {
    await release();
  }
}
