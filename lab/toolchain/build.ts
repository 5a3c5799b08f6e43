/** Downloads or builds one artifact of the toolchain in the cache, atomically. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, readdirSync, statSync } from "node:fs";
import { cp, mkdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Log } from "../component.ts";
import { endsWithUs } from "../process.ts";
import { buildCache } from "./buildCache.ts";
import { download, type Source } from "./download.ts";
import type { Artifact, Step } from "./artifacts.ts";

/** Flags and environment of every Go build. */
const linker = "-s -w";
const goEnvironment = {
  CGO_ENABLED: "0",
  GOFLAGS: "-mod=readonly -buildvcs=false",
  GOTOOLCHAIN: "local",
  GOWORK: "off",
};

/** Folders, download source and log of a build. */
export interface BuildEnvironment {
  readonly cache: string;
  readonly source: Source;
  readonly log: Log;
  /** @default this directory */
  readonly sources?: string;
}

/** Folder of an artifact: its name and a hash of its sources, versions and flags. "pieces" is kept: a new name would rebuild all. */
export function artifactFolder(cache: string, artifact: Artifact, sources = import.meta.dirname): string {
  const hash = createHash("sha256").update(JSON.stringify([artifact, linker, goEnvironment]));
  for (const file of filesOf(artifact, sources)) {
    hash.update(`\0${file}\0`).update(readFileSync(path.join(sources, file)));
  }
  return path.join(cache, "pieces", `${artifact.name}-${hash.digest("hex").slice(0, 12)}`);
}

/** Files of an artifact's sources, sorted, relative to their folder. */
function filesOf(artifact: Artifact, folder: string): string[] {
  const under = (source: string): string[] =>
    statSync(path.join(folder, source)).isFile()
      ? [source]
      : readdirSync(path.join(folder, source))
          .sort()
          .flatMap((name) => under(path.join(source, name)));
  return artifact.sources.flatMap(under);
}

/** Downloads or builds an artifact unless it exists. A partial build has another path until it is complete. */
export async function buildArtifact(artifact: Artifact, title: string, environment: BuildEnvironment): Promise<void> {
  const folder = artifactFolder(environment.cache, artifact, environment.sources);
  if (existsSync(folder)) {
    environment.log(`${title}: exists`);
    return;
  }
  const started = Date.now();
  const partial = path.join(environment.cache, "pieces", "partial", path.basename(folder));
  const empty = async (): Promise<void> => {
    await rm(partial, { recursive: true, force: true });
    await mkdir(path.join(partial, "out"), { recursive: true });
  };
  await empty();
  let how = "downloaded";
  let problem =
    artifact.releases.length === 0
      ? "there is no official release"
      : await download(artifact, path.join(partial, "out"), environment.source);
  problem ??= await incomplete(artifact, path.join(partial, "out"));
  if (problem !== undefined) {
    environment.log(`${title}: building, about ${artifact.minutes} min on two cores; ${problem}`);
    const heartbeat = setInterval(() => {
      environment.log(`${title}: still building, ${duration(Date.now() - started)}`);
    }, 60_000);
    try {
      await empty();
      await build(artifact, partial, environment);
    } finally {
      clearInterval(heartbeat);
    }
    how = "built";
    const lacking = await incomplete(artifact, path.join(partial, "out"));
    if (lacking !== undefined) throw new Error(`${artifact.name} was built, but ${lacking}`);
  }
  await rename(path.join(partial, "out"), folder);
  await rm(partial, { recursive: true, force: true });
  environment.log(`${title}: ${how} in ${duration(Date.now() - started)}`);
}

async function incomplete(artifact: Artifact, folder: string): Promise<string | undefined> {
  for (const file of artifact.files) {
    const size = await stat(path.join(folder, file)).then(
      (found) => found.size,
      () => 0,
    );
    if (size === 0) return `${file} is missing`;
  }
  return undefined;
}

async function build(
  artifact: Artifact,
  partial: string,
  { cache, sources: from = import.meta.dirname }: BuildEnvironment,
): Promise<void> {
  const sources = path.join(partial, "src");
  for (const file of filesOf(artifact, from)) await cp(path.join(from, file), path.join(sources, file));
  for (const step of artifact.steps) await perform(step, artifact, sources, path.join(partial, "out"), cache);
}

/** Downloads and unpacks package $1 without installing it. The package lists may be missing. */
const unpackDebian = `
  apt-get download -q "$1" || { apt-get update -q && apt-get download -q "$1"; }
  dpkg-deb -x ./*.deb .`;

/** Unpacks package $1 of npm, whose archive has the SHA-256 $2, into folder $3. */
const unpackNpm = `
  mkdir -p "$3"; cd "$3"
  npm pack --silent "$1" >/dev/null
  echo "$2 $(echo *.tgz)" | sha256sum --check >/dev/null
  tar -xzf *.tgz --no-same-owner --strip-components=1; rm *.tgz`;

async function perform(step: Step, artifact: Artifact, sources: string, out: string, cache: string): Promise<void> {
  const cgo = step.do === "build" && step.cgo === true ? { CGO_ENABLED: "1" } : {};
  const runStep = (command: string, args: string[], cwd: string): Promise<string> =>
    run(command, args, cwd, path.join(cache, "log", `toolchain-${artifact.name}.log`), cache, cgo);
  const go = (args: string[], module: string): Promise<string> => runStep("go", args, path.join(sources, module));
  switch (step.do) {
    case "build": {
      const set = Object.entries(step.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
      const verb = step.test === true ? ["test", "-c"] : ["build"];
      const tags = step.tags === undefined ? [] : ["-tags", step.tags];
      const options = [...tags, "-trimpath", "-ldflags", [linker, ...set].join(" "), "-o", path.join(out, step.to)];
      await go([...verb, ...options, step.package], step.in);
      return;
    }
    case "run":
      await go(["run", "-trimpath", step.package, path.join(sources, step.on)], step.in);
      return;
    case "take": {
      await go(["mod", "download", step.module], step.in);
      const module = (await go(["list", "-m", "-f", "{{.Dir}}", step.module], step.in)).trim();
      const to = step.source === undefined ? path.join(out, step.to ?? "") : path.join(sources, step.source);
      await copyReadable(path.join(module, step.path), to);
      return;
    }
    case "keep":
      await mkdir(path.dirname(path.join(out, step.to)), { recursive: true });
      await cp(path.join(sources, step.source), path.join(out, step.to));
      return;
    case "debian": {
      const folder = path.join(sources, "debian", step.package);
      await mkdir(folder, { recursive: true });
      await runStep("sh", ["-ec", unpackDebian, "unpack", step.package], folder);
      await cp(path.join(folder, step.source), path.join(out, step.to));
      return;
    }
    case "npm": {
      const to = path.join(sources, "node_modules", step.package);
      await runStep("sh", ["-ec", unpackNpm, "npm", `${step.package}@${step.version}`, step.sha256, to], sources);
      return;
    }
    case "bundle": {
      const esbuild = path.join(sources, "node_modules", "@esbuild", "linux-x64", "bin", "esbuild");
      const options = ["--bundle", "--minify", "--log-level=warning", `--outfile=${path.join(out, step.to)}`];
      await runStep(esbuild, [path.join(sources, step.source), ...options], sources);
      return;
    }
    case "link":
      await symlink(step.file, path.join(out, step.to));
  }
}

/** Copies without the module cache's read-only modes, so that the copy can be removed. */
async function copyReadable(from: string, to: string): Promise<void> {
  if (statSync(from).isDirectory()) {
    for (const name of readdirSync(from)) await copyReadable(path.join(from, name), path.join(to, name));
  } else {
    await mkdir(path.dirname(to), { recursive: true });
    await writeFile(to, await readFile(from));
  }
}

/** Runs a program with stderr appended to a log. @returns its stdout. @throws with the end of the log */
function run(
  command: string,
  args: string[],
  cwd: string,
  log: string,
  cache: string,
  own: Readonly<Record<string, string>>,
): Promise<string> {
  const to = openSync(log, "a");
  const env: NodeJS.ProcessEnv = { GOCACHE: buildCache(cache), ...process.env, ...goEnvironment, ...own };
  const child = spawn(...endsWithUs(command, args), { cwd, env, stdio: ["ignore", "pipe", to] });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      closeSync(to);
      if (child.pid === undefined) return; // it was not started: "error" has rejected
      if (code === 0) {
        resolve(output);
        return;
      }
      const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-8).join("\n  ");
      reject(
        new Error(
          `${command} ${args[0] ?? ""} ended with ${code ?? signal ?? "an error"}; ${log} ends with\n  ${tail}`,
        ),
      );
    });
  });
}

/** "6 min 52 s". */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
