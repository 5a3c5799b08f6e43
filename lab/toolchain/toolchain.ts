/** The toolchain: Pulumi's CLI and plugins and a Kubernetes control plane, built once per machine in the cache. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { lock } from "../lock.ts";
import type { Log } from "../component.ts";
import { roomFor } from "../room.ts";
import { cacheDir } from "../settings.ts";
import { source } from "./download.ts";
import { buildArtifact, artifactFolder } from "./build.ts";
import { buildLock, keepBuildCache } from "./buildCache.ts";
import { cliVersion, artifacts, plugins } from "./artifacts.ts";
import { askedVersions, lagging } from "./asked.ts";

/** Folders of the finished toolchain. */
export interface Toolchain {
  /** `kube` (etcd, apiserver, controllers, scheduler, kubectl in one), `kwok` and `kubectl`. */
  readonly bin: string;
  /** `kwok/stage`: kwok's own stages. If the plugins were built, also their schemas and the tests of `command`. */
  readonly share: string;
  /** For PULUMI_HOME: npm's `pulumi` finds the CLI there, and the CLI its plugins. */
  readonly pulumiHome: string;
}

/** Disk space for a build, in GB: 5 for modules, 9 for Go's build cache, 1 for the binaries. */
const requiredSpace = 15;

/**
 * A file in place of the CLI's log folder, which stops it from logging: there is no setting for that, and the debug log
 * takes two thirds of the engine's CPU time in an update without changes. Part of the hash, so that older toolchains are rebuilt.
 */
const noLogs = "home/logs";

function folders(): Toolchain & { readonly folder: string; readonly complete: string } {
  const parts = [...artifacts.map((artifact) => artifactFolder("", artifact)), noLogs, ...lagging()];
  const hash = createHash("sha256").update(JSON.stringify(parts));
  const folder = path.join(cacheDir, `toolchain-${hash.digest("hex").slice(0, 12)}`);
  const [bin, share, pulumiHome] = ["bin", "share", "home"].map((name) => path.join(folder, name));
  return { folder, complete: path.join(folder, "complete"), bin, share, pulumiHome } as ReturnType<typeof folders>;
}

/** Folders of the toolchain, whether it exists or not, for commands that install nothing. */
export function toolchainFolders(): Toolchain {
  const { bin, share, pulumiHome } = folders();
  return { bin, share, pulumiHome };
}

/** Whether the toolchain of this version is there. */
export const toolchainBuilt = (): boolean => existsSync(folders().complete);

/** Missing requirements for building the toolchain, one sentence each; empty if it exists. */
export function checkToolchain(): string[] {
  return toolchainBuilt() ? [] : missingFor("the toolchain", requiredSpace);
}

/** Missing requirements (Go, disk space) for building `what`, one sentence each. */
export function missingFor(what: string, gigabytes: number): string[] {
  const problems: string[] = [];
  const version = goVersion();
  if (version === undefined) {
    problems.push(`Go is missing: ${what} is built with Go 1.26 or newer; put it on PATH.`);
  } else if (version[0] < 1 || (version[0] === 1 && version[1] < 26)) {
    problems.push(`Go ${version.join(".")} is too old: ${what} is built with Go 1.26 or newer; put it on PATH.`);
  }
  const free = roomFor(cacheDir).gigabytes;
  if (free < gigabytes) {
    const rest = `building ${what} takes ${gigabytes} GB; free some space or set ORRERY_CACHE.`;
    problems.push(`Only ${free.toFixed(1)} GB are free at ${cacheDir}: ${rest}`);
  }
  return problems;
}

function goVersion(): [number, number] | undefined {
  try {
    const options = { encoding: "utf8", env: { ...process.env, GOTOOLCHAIN: "local" } } as const;
    const [, major, minor] = /go(\d+)\.(\d+)/.exec(execFileSync("go", ["env", "GOVERSION"], options)) ?? [];
    return [Number(major), Number(minor)];
  } catch {
    return undefined;
  }
}

/** Returns the toolchain, building it if it is missing. @throws with the first problem of {@link checkToolchain} */
export async function ensureToolchain(log: Log): Promise<Toolchain> {
  const { folder, complete, ...toolchain } = folders();
  for (const line of lagging()) log(line);
  if (existsSync(complete)) return toolchain;
  const [problem] = checkToolchain();
  if (problem !== undefined) throw new Error(problem);
  mkdirSync(path.join(cacheDir, "log"), { recursive: true });
  const release = await lock(buildLock, log, "another checkout is building the toolchain");
  try {
    if (existsSync(complete)) return toolchain; // another checkout has built it meanwhile
    keepBuildCache();
    const partial = path.join(cacheDir, "pieces", "partial");
    await rm(partial, { recursive: true, force: true }); // from an interrupted build
    const environment = { cache: cacheDir, source: source(), log };
    for (const [index, artifact] of artifacts.entries()) {
      await buildArtifact(
        artifact,
        `toolchain [${index + 1}/${artifacts.length}] ${artifact.name.replaceAll("-", " ")}`,
        environment,
      );
    }
    await assemble(folder);
    await rm(partial, { recursive: true, force: true });
    return toolchain;
  } finally {
    await release();
  }
}

/** Links the artifacts into the layout that their users expect; the marker is written last. */
async function assemble(folder: string): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  const link = async (artifact: string, file: string, name: string): Promise<void> => {
    const from = path.join(of(artifact), file);
    if (!existsSync(from)) return; // only builds have it
    await mkdir(path.dirname(path.join(partial, name)), { recursive: true });
    await symlink(path.relative(path.dirname(path.join(folder, name)), from), path.join(partial, name));
  };
  await link("control-plane", "kube", "bin/kube");
  await link(
    "control-plane",
    existsSync(path.join(of("control-plane"), "kubectl")) ? "kubectl" : "kube",
    "bin/kubectl",
  );
  await link("kwok", "kwok", "bin/kwok");
  await link("kwok", "stage", "share/kwok/stage");
  await link("bridged-plugins", "schema", "share/schema");
  await link("command-plugin", "command.test", "share/command.test");
  const asked = askedVersions();
  for (const version of new Set([cliVersion, asked.cli])) await link("cli", "", `home/versions/${version ?? ""}/bin`);
  for (const [name, version] of Object.entries(plugins)) {
    const file = `pulumi-resource-${name}`;
    const artifact = artifacts.find(({ files }) => files.includes(file))?.name ?? "";
    for (const one of new Set([version, asked[name]]))
      await link(artifact, file, `home/plugins/resource-${name}-v${one ?? ""}/${file}`);
  }
  await writeFile(path.join(partial, noLogs), "");
  await writeFile(path.join(partial, "complete"), "");
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
}

function of(name: string): string {
  const artifact = artifacts.find((candidate) => candidate.name === name);
  if (artifact === undefined) throw new Error(`the toolchain has no artifact ${name}`);
  return artifactFolder(cacheDir, artifact);
}
