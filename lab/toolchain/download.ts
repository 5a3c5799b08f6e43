/** Official releases: asked for first, and given up at once where their host does not answer. */
import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type { Piece, Release } from "./pieces.ts";

/** Milliseconds until a transfer that stands still is given up. */
const standstill = 30_000;

/** Where releases come from; it remembers the hosts that do not answer. */
export interface Source {
  /** Server that stands for all hosts, with the host as the first folder (for tests); "none" for no download at all. */
  readonly base?: string | undefined;
  /** Milliseconds until a host that says nothing is given up. */
  readonly patience: number;
  /** Why a host is not asked any more. */
  readonly silent: Map<string, string>;
}

export const source = (): Source => ({ base: process.env.ORRERY_DOWNLOADS, patience: 5_000, silent: new Map() });

/** Downloads a piece into a folder. @returns undefined, or why it could not be had; the folder is then to be thrown away */
export async function download(piece: Piece, folder: string, from: Source): Promise<string | undefined> {
  for (const release of piece.releases) {
    const problem = await fetchRelease(release, folder, from);
    if (problem !== undefined) return problem;
  }
  for (const [name, text] of Object.entries(piece.scripts ?? {})) {
    await writeFile(path.join(folder, name), text, { mode: 0o755 });
  }
  return undefined;
}

async function fetchRelease(release: Release, folder: string, from: Source): Promise<string | undefined> {
  const { host, pathname } = new URL(release.url);
  if (from.base === "none") return "downloads are switched off";
  const known = from.silent.get(host);
  if (known !== undefined) return known;
  const url = from.base === undefined ? release.url : `${from.base}/${host}${pathname}`;
  const file = path.join(folder, release.to ?? `.${path.basename(pathname)}`);
  const control = new AbortController();
  let timer = setTimeout(() => {
    control.abort();
  }, from.patience);
  let answered = false;
  try {
    const response = await fetch(url, { signal: control.signal });
    answered = true;
    if (!response.ok || response.body === null) {
      return `${host} has no ${path.basename(pathname)} (status ${response.status})`;
    }
    clearTimeout(timer);
    timer = setTimeout(() => {
      control.abort();
    }, standstill);
    const watched = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        timer.refresh();
        yield chunk;
      }
    };
    await pipeline(response.body, watched, createWriteStream(file));
    await unpack(release, file, folder);
    return undefined;
  } catch (error) {
    if (answered) return `${path.basename(pathname)} from ${host} is not whole (${reason(error)})`;
    const problem = `${host} does not answer (${reason(error)})`;
    from.silent.set(host, problem);
    return problem;
  } finally {
    clearTimeout(timer);
  }
}

async function unpack(release: Release, file: string, folder: string): Promise<void> {
  if (release.to !== undefined) {
    await chmod(file, 0o755);
    return;
  }
  const strip = `--strip-components=${release.strip ?? 0}`;
  await promisify(execFile)("tar", ["-xzf", file, "-C", folder, "--no-same-owner", strip, ...(release.members ?? [])]);
  await rm(file);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError") return "timed out";
  return ((error.cause instanceof Error ? error.cause : error).message.split("\n")[0] ?? "").trim();
}
