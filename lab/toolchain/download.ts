/** Downloads official releases; a host that does not respond is not tried again. */
import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type { Artifact, Release } from "./artifacts.ts";

/** Milliseconds without data after which a transfer is aborted. */
const stallTimeout = 30_000;

/** The source of releases, with the hosts that did not respond. */
export interface Source {
  /** Mirror of all hosts, with the host as the first folder (for tests); "none" disables downloads. */
  readonly base?: string | undefined;
  /** Milliseconds to wait for a host's response. */
  readonly timeout: number;
  /** Hosts that did not respond, with the error. */
  readonly unreachable: Map<string, string>;
}

export const source = (): Source => ({ base: process.env.ORRERY_DOWNLOADS, timeout: 5_000, unreachable: new Map() });

/** Downloads an artifact into a folder. @returns undefined, or the reason of the failure; discard the folder then */
export async function download(artifact: Artifact, folder: string, from: Source): Promise<string | undefined> {
  for (const release of artifact.releases) {
    const problem = await fetchRelease(release, folder, from);
    if (problem !== undefined) return problem;
  }
  for (const [name, text] of Object.entries(artifact.scripts ?? {})) {
    await writeFile(path.join(folder, name), text, { mode: 0o755 });
  }
  return undefined;
}

async function fetchRelease(release: Release, folder: string, from: Source): Promise<string | undefined> {
  const { host, pathname } = new URL(release.url);
  if (from.base === "none") return "downloads are disabled";
  const known = from.unreachable.get(host);
  if (known !== undefined) return known;
  const url = from.base === undefined ? release.url : `${from.base}/${host}${pathname}`;
  const file = path.join(folder, release.to ?? `.${path.basename(pathname)}`);
  const control = new AbortController();
  let timer = setTimeout(() => {
    control.abort();
  }, from.timeout);
  let responded = false;
  try {
    const response = await fetch(url, { signal: control.signal });
    responded = true;
    if (!response.ok || response.body === null) {
      return `${host} has no ${path.basename(pathname)} (status ${response.status})`;
    }
    clearTimeout(timer);
    timer = setTimeout(() => {
      control.abort();
    }, stallTimeout);
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
    if (responded) return `${path.basename(pathname)} from ${host} is incomplete (${reason(error)})`;
    const problem = `${host} does not respond (${reason(error)})`;
    from.unreachable.set(host, problem);
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
