/** Makes one piece of the toolchain in the cache: downloads it or else builds it; whole or not at all. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, readdirSync, statSync } from "node:fs";
import { cp, mkdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Log } from "../component.ts";
import { download, type Source } from "./download.ts";
import type { Piece, Step } from "./pieces.ts";

/** How everything is compiled. */
const linker = "-s -w";
const goEnvironment = {
  CGO_ENABLED: "0",
  GOFLAGS: "-mod=readonly -buildvcs=false",
  GOTOOLCHAIN: "local",
  GOWORK: "off",
};

/** Folders of a making: the cache's parts for pieces, logs and Go, and the one that the pieces' sources are in. */
export interface Workshop {
  readonly cache: string;
  readonly source: Source;
  readonly log: Log;
  /** @default this directory */
  readonly sources?: string;
}

/** Folder of a finished piece: its name with a hash of all that it is made of. */
export function pieceFolder(cache: string, piece: Piece, sources = import.meta.dirname): string {
  const hash = createHash("sha256").update(JSON.stringify([piece, linker, goEnvironment]));
  for (const file of filesOf(piece, sources)) {
    hash.update(`\0${file}\0`).update(readFileSync(path.join(sources, file)));
  }
  return path.join(cache, "pieces", `${piece.name}-${hash.digest("hex").slice(0, 12)}`);
}

/** Files of a piece's sources, in a fixed order, relative to their folder. */
function filesOf(piece: Piece, folder: string): string[] {
  const under = (source: string): string[] =>
    statSync(path.join(folder, source)).isFile()
      ? [source]
      : readdirSync(path.join(folder, source))
          .sort()
          .flatMap((name) => under(path.join(source, name)));
  return piece.sources.flatMap(under);
}

/** Makes a piece unless it is there. What is half-made lies under another name and is never taken for whole. */
export async function makePiece(piece: Piece, title: string, shop: Workshop): Promise<void> {
  const folder = pieceFolder(shop.cache, piece, shop.sources);
  if (existsSync(folder)) {
    shop.log(`${title}: there already`);
    return;
  }
  const started = Date.now();
  const half = path.join(shop.cache, "pieces", "half", path.basename(folder));
  const empty = async (): Promise<void> => {
    await rm(half, { recursive: true, force: true });
    await mkdir(path.join(half, "out"), { recursive: true });
  };
  await empty();
  let how = "downloaded";
  let problem =
    piece.releases.length === 0 ? "nobody releases it" : await download(piece, path.join(half, "out"), shop.source);
  problem ??= await incomplete(piece, path.join(half, "out"));
  if (problem !== undefined) {
    shop.log(`${title}: building, about ${piece.minutes} min on two cores; ${problem}`);
    const heart = setInterval(() => {
      shop.log(`${title}: still building, ${duration(Date.now() - started)}`);
    }, 60_000);
    try {
      await empty();
      await build(piece, half, shop);
    } finally {
      clearInterval(heart);
    }
    how = "built";
    const lacking = await incomplete(piece, path.join(half, "out"));
    if (lacking !== undefined) throw new Error(`${piece.name} was built, but ${lacking}`);
  }
  await rename(path.join(half, "out"), folder);
  await rm(half, { recursive: true, force: true });
  shop.log(`${title}: ${how} in ${duration(Date.now() - started)}`);
}

async function incomplete(piece: Piece, folder: string): Promise<string | undefined> {
  for (const file of piece.files) {
    const size = await stat(path.join(folder, file)).then(
      (found) => found.size,
      () => 0,
    );
    if (size === 0) return `${file} is missing`;
  }
  return undefined;
}

async function build(
  piece: Piece,
  half: string,
  { cache, sources: from = import.meta.dirname }: Workshop,
): Promise<void> {
  const sources = path.join(half, "src");
  for (const file of filesOf(piece, from)) await cp(path.join(from, file), path.join(sources, file));
  for (const step of piece.steps) await perform(step, piece, sources, path.join(half, "out"), cache);
}

async function perform(step: Step, piece: Piece, sources: string, out: string, cache: string): Promise<void> {
  const go = (args: string[], module: string): Promise<string> =>
    run("go", args, path.join(sources, module), path.join(cache, "log", `toolchain-${piece.name}.log`), cache);
  switch (step.do) {
    case "build": {
      const set = Object.entries(step.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
      const verb = step.test === true ? ["test", "-c"] : ["build"];
      const options = ["-trimpath", "-ldflags", [linker, ...set].join(" "), "-o", path.join(out, step.to)];
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
    case "link":
      await symlink(step.file, path.join(out, step.to));
  }
}

/** Copies without the module cache's read-only modes, which would be in the way of removing the copy. */
async function copyReadable(from: string, to: string): Promise<void> {
  if (statSync(from).isDirectory()) {
    for (const name of readdirSync(from)) await copyReadable(path.join(from, name), path.join(to, name));
  } else {
    await mkdir(path.dirname(to), { recursive: true });
    await writeFile(to, await readFile(from));
  }
}

/** Runs a program; what it says goes to a log, of which the end is shown when it fails. @returns its standard output */
function run(command: string, args: string[], cwd: string, log: string, cache: string): Promise<string> {
  const to = openSync(log, "a");
  const env: NodeJS.ProcessEnv = { GOCACHE: path.join(cache, "go-build"), ...process.env, ...goEnvironment };
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", to] });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      closeSync(to);
      if (child.pid === undefined) return; // it never ran
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
