/** Where a self-managed backend keeps a stack: its state, its backups, its locks. */
import { existsSync } from "node:fs";
import path from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { projectDir, projectName } from "../../../config/stackFile.ts";
import { run, type RunOptions } from "../process.ts";
import { engineFix, engineProblem, pulumiProgram } from "../pulumi.ts";
import { stackOf, type StackValues } from "../stack.ts";
import { openBucket, withoutLogins } from "./backend/backend.ts";
import type { Bucket } from "./backend/bucket.ts";
import type { Deployment } from "./deployment.ts";

/** One state that was kept. */
export interface Backup {
  /** Name of its file; who restores one names it. */
  readonly name: string;
  readonly key: string;
  readonly time: Date;
}

/** A stack in its backend. */
export interface Store {
  readonly name: string;
  /** The stack's file. */
  readonly file: string;
  readonly url: string;
  readonly bucket: Bucket;
  readonly project: string;
  /** How the engine is run on a backend that it is not logged in to. @default as it is */
  readonly engine?: Pick<RunOptions, "env" | "signal">;
}

/** The state that a backend has of a stack. */
export interface PresentState {
  readonly key: string;
  readonly bytes: Buffer;
}

/** Opens the backend that the CLI is logged in to. @throws if it does not answer, or the stack has no file */
export async function openStore(values: StackValues): Promise<Store> {
  const { name, file } = stackOf(values);
  if (!existsSync(file)) throw new Error(`there is no ${file}: name a stack that has a file`);
  return storeOf({ name, file });
}

/** A stack in the backend that the CLI is logged in to. @throws if it does not answer */
export async function storeOf({ name, file }: Pick<Store, "name" | "file">): Promise<Store> {
  const url = await backendUrl();
  return { name, file, url, bucket: await openBucket(url), project: projectName() };
}

/** Address of the backend that the CLI is logged in to; it may hold a password. @throws if it does not answer */
export async function backendUrl(): Promise<string> {
  const who = await run(pulumiProgram, ["whoami", "--json", "--non-interactive"], { cwd: projectDir });
  if (who.status !== 0) {
    const missing = engineProblem(who.stderr);
    throw new Error(
      missing === undefined
        ? `the backend cannot be reached: ${withoutLogins(lastLine(who.stderr))}`
        : `${missing}; ${engineFix}`,
    );
  }
  return (JSON.parse(who.stdout) as { url?: string }).url ?? "";
}

const extensions = [".json", ".json.gz", ".json.zst"];

/** Key and bytes of the present state, or undefined if the backend has no such stack. */
export async function presentState({
  bucket,
  project,
  name,
}: Pick<Store, "bucket" | "project" | "name">): Promise<PresentState | undefined> {
  for (const extension of extensions) {
    const key = `.pulumi/stacks/${project}/${name}${extension}`;
    const bytes = await bucket.read(key);
    if (bytes !== undefined) return { key, bytes };
  }
  return undefined;
}

/** All states that were kept, the newest first: the engine's own, written at the end of every update, and ours next to them. */
export async function backupsOf({ bucket, project, name }: Store): Promise<readonly Backup[]> {
  const keys = await bucket.list(`.pulumi/backups/${project}/${name}`);
  return keys.flatMap((key) => parseBackup(key, name) ?? []).reverse();
}

/** Reads a backup's name: `<stack>.<nanoseconds since 1970>.json`. */
export function parseBackup(key: string, stack: string): Backup | undefined {
  const file = path.posix.basename(key);
  if (!file.startsWith(`${stack}.`)) return undefined;
  const [, nanoseconds] = /^(\d{19})\.json(?:\.gz|\.zst)?$/.exec(file.slice(stack.length + 1)) ?? [];
  if (nanoseconds === undefined) return undefined;
  return { name: file, key, time: new Date(Number(BigInt(nanoseconds) / 1_000_000n)) };
}

/** A backup with its bytes. */
export interface SavedState extends Backup {
  readonly bytes: Buffer;
}

/** The newest complete backup; copies of a damaged state do not count. */
export async function newestComplete(store: Store): Promise<SavedState | undefined> {
  for (const backup of await backupsOf(store)) {
    const bytes = await store.bucket.read(backup.key);
    if (bytes !== undefined && isComplete(backup.name, bytes)) return { ...backup, bytes };
  }
  return undefined;
}

const unpack: Readonly<Record<string, (bytes: Buffer) => Buffer>> = { ".gz": gunzipSync, ".zst": zstdDecompressSync };

/** A file's text. @param name - tells by its end how it is compressed */
export const unpacked = (name: string, bytes: Buffer): string =>
  (unpack[path.extname(name)] ?? ((plain) => plain))(bytes).toString();

/** What a state's file holds: the engine calls it a checkpoint. */
export interface Checkpoint {
  readonly version: number;
  /** Undefined before the first update. */
  readonly deployment: Deployment | undefined;
}

/** Reads a state's file. @param name - tells by its end how it is compressed @returns undefined if it is damaged */
export function parseState(name: string, bytes: Buffer): Checkpoint | undefined {
  try {
    const { version = 3, checkpoint } = JSON.parse(unpacked(name, bytes)) as {
      version?: number;
      checkpoint?: { latest?: Deployment | null };
    };
    return typeof checkpoint === "object" ? { version, deployment: checkpoint.latest ?? undefined } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a file's text is a stack's state from its beginning to its end. */
export const isComplete = (name: string, bytes: Buffer): boolean => parseState(name, bytes) !== undefined;

/**
 * Keeps a state among the engine's own backups.
 * @param state - @default the present one
 * @returns its name, or undefined if the backend has no state
 */
export async function saveState(store: Store, now = Date.now(), state?: PresentState): Promise<string | undefined> {
  const present = state ?? (await presentState(store));
  if (present === undefined) return undefined;
  const extension = present.key.slice(present.key.indexOf(".json"));
  const name = `${store.name}.${BigInt(now) * 1_000_000n}${extension}`;
  await store.bucket.write(`.pulumi/backups/${store.project}/${store.name}/${name}`, present.bytes);
  return name;
}

/** The last line of a complaint, without the CLI's "error: "; the first one of a list. */
export function lastLine(text: string): string {
  const lines = text.trim().split("\n");
  const [, listed] = /^\s+(?:\*|1\)) (.*)$/m.exec(text) ?? [];
  return listed ?? lines.at(-1)?.replace(/^error: /, "") ?? "";
}
