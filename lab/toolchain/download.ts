/** Downloads official releases by https and compares checksums; a host that does not respond is not tried again. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { chmod, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type { Artifact, Release } from "./artifacts.ts";
import { checksumIn, checksumList } from "./checksums.ts";

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
  const name = path.basename(pathname);
  const file = path.join(folder, release.to ?? `.${name}`);
  const problem = await transfer(release.url, from, async (chunks) => {
    const hash = createHash("sha256");
    const hashed = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    };
    await pipeline(hashed, createWriteStream(file));
    const wrong = await compare(release.url, hash.digest("hex"), from);
    if (wrong === undefined) await unpack(release, file, folder);
    return wrong;
  });
  return problem?.replace("{file}", `${name} from ${host}`);
}

/** Compares a download with its publisher's checksum, if there is one. @returns undefined, or what is wrong */
async function compare(url: string, sum: string, from: Source): Promise<string | undefined> {
  const list = checksumList(url);
  if (list === undefined) return undefined;
  let text = "";
  const problem = await transfer(list, from, async (chunks) => {
    for await (const chunk of chunks) text += Buffer.from(chunk).toString();
    return undefined;
  });
  if (problem !== undefined) return `{file} has no checksum to compare with (${problem.replace("{file}", "its list")})`;
  const expected = checksumIn(text, path.basename(new URL(url).pathname));
  if (expected === undefined) return "{file} has no checksum to compare with (its list lacks it)";
  return expected === sum ? undefined : "{file} is not what its publisher's checksum says";
}

/** Fetches a URL, from the mirror if there is one, and hands over its content. @returns undefined, or what is wrong */
async function transfer(
  url: string,
  from: Source,
  consume: (chunks: AsyncIterable<Uint8Array>) => Promise<string | undefined>,
): Promise<string | undefined> {
  const { host, pathname } = new URL(url);
  if (from.base === "none") return "downloads are disabled";
  const known = from.unreachable.get(host);
  if (known !== undefined) return known;
  const control = new AbortController();
  const abort = (): void => {
    control.abort();
  };
  let timer = setTimeout(abort, from.timeout);
  let responded = false;
  try {
    const response = await follow(from.base === undefined ? url : `${from.base}/${host}${pathname}`, control.signal);
    responded = true;
    if (!response.ok || response.body === null) {
      return `${host} has no ${path.basename(pathname)} (status ${response.status})`;
    }
    clearTimeout(timer);
    timer = setTimeout(abort, stallTimeout);
    const { body } = response;
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of body) {
        timer.refresh();
        yield chunk;
      }
    };
    return await consume(watched());
  } catch (error) {
    if (error instanceof UnsafeRedirect) return `${host} ${error.message}`;
    if (responded) return `{file} is incomplete (${reason(error)})`;
    const problem = `${host} does not respond (${reason(error)})`;
    from.unreachable.set(host, problem);
    return problem;
  } finally {
    clearTimeout(timer);
  }
}

class UnsafeRedirect extends Error {}

/** Fetches a URL and follows redirects, from https only to https. */
async function follow(url: string, signal: AbortSignal, hops = 5): Promise<Response> {
  const response = await fetch(url, { signal, redirect: "manual" });
  const location = response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
  if (location === null) return response;
  const next = new URL(location, url);
  await response.body?.cancel();
  if (hops === 0) throw new UnsafeRedirect("redirects without end");
  if (new URL(url).protocol === "https:" && next.protocol !== "https:") {
    throw new UnsafeRedirect(`leads to ${next.protocol}//${next.host}, which is not encrypted`);
  }
  return follow(next.href, signal, hops - 1);
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
