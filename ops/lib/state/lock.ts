/** Who holds a stack: the lock files of a self-managed backend, in the engine's format (its pkg/backend/diy/lock.go). */
import { type Holder, type HolderRecord, holderOf } from "./lockHolder.ts";
import type { Store } from "./store.ts";

/** A lock's file; the engine ignores what Orrery adds to it. */
export interface LockFile extends HolderRecord {
  readonly username: string;
  readonly timestamp: string;
}

/** A lock, and what is known of its holder. */
export interface Lock extends LockFile {
  readonly key: string;
  readonly holder: Holder;
}

/** A stack in a backend, as far as locks go. */
export type LockedStack = Pick<Store, "bucket" | "project" | "name">;

/** The folder of a stack's locks: the engine takes every file in it for one, by whatever name. */
export const lockFolder = ({ project, name }: LockedStack): string => `.pulumi/locks/organization/${project}/${name}`;

/** All locks of a stack; one remains when its holder is killed. @throws if a file in their folder is none */
export async function locksOf(stack: LockedStack): Promise<readonly Lock[]> {
  const keys = await stack.bucket.list(lockFolder(stack));
  const found = keys.map(async (key): Promise<readonly Lock[]> => {
    const bytes = await stack.bucket.read(key);
    if (bytes === undefined) return []; // released meanwhile
    const file = parseLock(bytes);
    if (file === undefined) {
      throw new Error(
        `${key} is not a lock that can be read: make sure that no update of stack ${stack.name} runs, then npx pulumi cancel --stack ${stack.name}`,
      );
    }
    return [{ ...file, key, holder: await holderOf(file) }];
  });
  return (await Promise.all(found)).flat();
}

/**
 * Removes locks of engines that have ended; those of updates, which leave operations pending, are for `state recover`.
 * @param since - ISO 8601; older locks are somebody else's, and stay
 */
export async function removeEndedLocks(stack: LockedStack, since: string): Promise<void> {
  for (const { key, holder, timestamp } of await locksOf(stack))
    if (holder === "ended" && Date.parse(timestamp) >= Date.parse(since)) await stack.bucket.remove(key);
}

function parseLock(bytes: Buffer): LockFile | undefined {
  try {
    const file = JSON.parse(bytes.toString()) as Partial<LockFile> | null;
    const { pid, username, hostname, timestamp } = file ?? {};
    if (typeof pid !== "number" || Number.isNaN(Date.parse(timestamp ?? ""))) return undefined;
    return { ...file, pid, username: username ?? "", hostname: hostname ?? "", timestamp: timestamp ?? "" };
  } catch {
    return undefined;
  }
}

/** A lock in words. */
export function lockText({ username, hostname: host, pid, timestamp, holder }: Lock): string {
  const state = {
    works: "which works",
    ended: "which has ended",
    elsewhere: "on another machine or in another container",
  }[holder];
  return `${username}@${host} since ${timestamp.slice(0, 19)}Z (process ${pid}, ${state})`;
}

/** @throws if somebody may be at work on the stack */
export function assertUnlocked(store: Pick<Store, "name">, locks: readonly Lock[], unlock: boolean): void {
  const works = locks.find(({ holder }) => holder === "works");
  if (works !== undefined) {
    throw new Error(`stack ${store.name} is being updated by ${lockText(works)}; wait for its end: nothing was done`);
  }
  const away = locks.find(({ holder }) => holder === "elsewhere");
  if (away !== undefined && !unlock) {
    throw new Error(
      `stack ${store.name} is locked by ${lockText(away)}: nothing was done; look there, and if no update runs, give --unlock`,
    );
  }
}
