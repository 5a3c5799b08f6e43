/** The toolchain: Pulumi's CLI and plugins and a Kubernetes control plane, made once per machine in the cache. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { lock } from "../lock.ts";
import type { Log } from "../component.ts";
import { cacheDir } from "../settings.ts";
import { source } from "./download.ts";
import { makePiece, pieceFolder } from "./make.ts";
import { cliVersion, pieces, plugins } from "./pieces.ts";

/** Folders of the finished toolchain. */
export interface Toolchain {
  /** `kube` (etcd, apiserver, controllers, scheduler, kubectl in one), `kwok` and `kubectl`. */
  readonly bin: string;
  /** `kwok/stage`: kwok's own stages. Where the plugins were built also their schemas and the tests of `command`. */
  readonly share: string;
  /** For PULUMI_HOME: npm's `pulumi` finds the CLI there, and the CLI its plugins. */
  readonly pulumiHome: string;
}

/** GB that building needs: 5 for modules, 9 for Go's build cache, 1 for the binaries. */
const roomNeeded = 15;

/**
 * A file where the CLI would keep its logs, so that it keeps none: it has no setting for that, and a debug log of every
 * property is two thirds of the engine's CPU time in an update that changes nothing. Among the hashed parts, so that a toolchain without it is not taken.
 */
const noLogs = "home/logs";

function folders(): Toolchain & { readonly folder: string; readonly complete: string } {
  const parts = [...pieces.map((piece) => pieceFolder("", piece)), noLogs];
  const made = createHash("sha256").update(JSON.stringify(parts));
  const folder = path.join(cacheDir, `toolchain-${made.digest("hex").slice(0, 12)}`);
  const [bin, share, pulumiHome] = ["bin", "share", "home"].map((name) => path.join(folder, name));
  return { folder, complete: path.join(folder, "complete"), bin, share, pulumiHome } as ReturnType<typeof folders>;
}

/** Where the toolchain is, or would be: for what only stops or asks. */
export function toolchainFolders(): Toolchain {
  const { bin, share, pulumiHome } = folders();
  return { bin, share, pulumiHome };
}

/** What this machine lacks for making the toolchain, a sentence each; empty when it is made already. */
export function checkToolchain(): string[] {
  return existsSync(folders().complete) ? [] : missingFor("the toolchain", roomNeeded);
}

/** What this machine lacks for building something that needs so many GB, a sentence each. */
export function missingFor(what: string, gigabytes: number): string[] {
  const problems: string[] = [];
  const version = goVersion();
  if (version === undefined) {
    problems.push(`Go is missing: ${what} is built with it; put go 1.26 or newer on PATH.`);
  } else if (version[0] < 1 || (version[0] === 1 && version[1] < 26)) {
    problems.push(`Go ${version.join(".")} is too old: ${what} is built with Go 1.26 or newer; put it on PATH.`);
  }
  let there = cacheDir;
  while (!existsSync(there)) there = path.dirname(there);
  const { bavail, bsize } = statfsSync(there);
  const free = (bavail * bsize) / 1e9;
  if (free < gigabytes) {
    const rest = `building ${what} needs ${gigabytes} GB; make room or set ORRERY_CACHE.`;
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

/** The toolchain, made first where it is missing. @throws with the first problem of {@link checkToolchain} */
export async function ensureToolchain(log: Log): Promise<Toolchain> {
  const { folder, complete, ...toolchain } = folders();
  if (existsSync(complete)) return toolchain;
  const [problem] = checkToolchain();
  if (problem !== undefined) throw new Error(problem);
  mkdirSync(path.join(cacheDir, "log"), { recursive: true });
  const release = await lock(path.join(cacheDir, "toolchain.lock"), log, "another checkout makes the toolchain");
  try {
    if (existsSync(complete)) return toolchain; // another checkout has made it meanwhile
    const half = path.join(cacheDir, "pieces", "half");
    await rm(half, { recursive: true, force: true }); // left by an interruption
    const shop = { cache: cacheDir, source: source(), log };
    for (const [index, piece] of pieces.entries()) {
      await makePiece(piece, `toolchain [${index + 1}/${pieces.length}] ${piece.name.replaceAll("-", " ")}`, shop);
    }
    await assemble(folder);
    await rm(half, { recursive: true, force: true });
    if (process.env.GOCACHE === undefined) await rm(path.join(cacheDir, "go-build"), { recursive: true, force: true });
    return toolchain;
  } finally {
    await release();
  }
}

/** Links the pieces into the layout that their users expect; the marker comes last. */
async function assemble(folder: string): Promise<void> {
  const half = `${folder}.half`;
  await rm(half, { recursive: true, force: true });
  const link = async (piece: string, file: string, name: string): Promise<void> => {
    const from = path.join(of(piece), file);
    if (!existsSync(from)) return; // made by building only
    await mkdir(path.dirname(path.join(half, name)), { recursive: true });
    await symlink(path.relative(path.dirname(path.join(folder, name)), from), path.join(half, name));
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
  await link("cli", "", `home/versions/${cliVersion}/bin`);
  for (const [name, version] of Object.entries(plugins)) {
    const file = `pulumi-resource-${name}`;
    const piece = pieces.find(({ files }) => files.includes(file))?.name ?? "";
    await link(piece, file, `home/plugins/resource-${name}-v${version}/${file}`);
  }
  await writeFile(path.join(half, noLogs), "");
  await writeFile(path.join(half, "complete"), "");
  await rm(folder, { recursive: true, force: true });
  await rename(half, folder);
}

function of(name: string): string {
  const piece = pieces.find((candidate) => candidate.name === name);
  if (piece === undefined) throw new Error(`the toolchain has no piece ${name}`);
  return pieceFolder(cacheDir, piece);
}
