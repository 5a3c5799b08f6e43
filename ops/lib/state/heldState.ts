/** A stack's state while this command holds the backend's own lock: the engine refuses every update of it meanwhile. */
import { createHash, randomUUID } from "node:crypto";
import { constants, userInfo } from "node:os";
import { endingSignals } from "../../../cli/interrupt.ts";
import { assertUnlocked, lockFolder, type Lock, type LockFile, locksOf, lockText } from "./lock.ts";
import { ownRecord } from "./lockHolder.ts";
import { type PresentState, presentState, type Store } from "./store.ts";

/** The state of a stack that this command holds. */
export interface HeldState {
  /** As it was read, or written since; undefined if the backend has none. */
  readonly present: PresentState | undefined;
  /** Locks of holders that have ended, or that --unlock overrides. */
  readonly stale: readonly Lock[];
  /** Aborts when a signal ends the command. */
  readonly ending: AbortSignal;
  /** Replaces the state. @throws if it is not the one that was read, or our lock was removed: nothing is written then */
  write(key: string, bytes: Buffer): Promise<void>;
  /** Removes the locks that are stale. */
  removeStale(): Promise<void>;
}

/**
 * Does something to a stack's state under its lock, which is released at the end, and when a signal ends the command.
 * @param unlock - overrides locks of holders that cannot be seen from here
 * @throws if somebody else holds the stack
 */
export async function whileHeld<T>(store: Store, unlock: boolean, work: (held: HeldState) => Promise<T>): Promise<T> {
  const own = `${lockFolder(store)}/${randomUUID()}.json`;
  const ending = new AbortController();
  let writing: Promise<unknown> = Promise.resolve();
  let ended: Promise<never> | undefined;
  const end = async (signal: NodeJS.Signals): Promise<never> => {
    ending.abort();
    await writing;
    await release(store, own);
    console.error(`orrery: ended by ${signal}; the lock of stack ${store.name} was released`);
    return process.exit(128 + constants.signals[signal]);
  };
  const onSignal = (signal: NodeJS.Signals): void => void (ended ??= end(signal));
  // Before the lock is written: a signal in that moment must not leave it behind.
  for (const signal of endingSignals) process.on(signal, onSignal);
  try {
    const stale = await takeLock(store, own, unlock);
    let present = await presentState(store);
    const replace = async (key: string, bytes: Buffer): Promise<void> => {
      await assertHeld(store, own);
      const now = await presentState(store);
      if (digestOf(now) !== digestOf(present)) {
        throw new Error(
          `the state of stack ${store.name} is not the one that was read: somebody changed it meanwhile, and it was left as it is; run this again`,
        );
      }
      await store.bucket.write(key, bytes);
      if (now !== undefined && now.key !== key) await store.bucket.remove(now.key);
      present = { key, bytes };
    };
    return await work({
      get present() {
        return present;
      },
      stale,
      ending: ending.signal,
      write(key, bytes) {
        const written = replace(key, bytes);
        writing = written.catch(() => undefined);
        return written;
      },
      async removeStale() {
        for (const one of stale) await store.bucket.remove(one.key);
      },
    });
  } finally {
    // What a signal interrupted ends with it, not with an error of its own.
    if (ended !== undefined) await ended;
    await release(store, own);
    for (const signal of endingSignals) process.off(signal, onSignal);
  }
}

/** Takes the lock as the engine does: of two that write theirs at once, at least one sees the other's. @returns the stale ones @throws if somebody else has it; the caller releases ours then */
async function takeLock(store: Store, key: string, unlock: boolean): Promise<readonly Lock[]> {
  const stale = await locksOf(store);
  assertUnlocked(store, stale, unlock);
  const { username } = userInfo();
  const file: LockFile = { ...ownRecord(), username, timestamp: new Date().toISOString() };
  await store.bucket.write(key, Buffer.from(JSON.stringify(file)));
  const known = new Set([key, ...stale.map((one) => one.key)]);
  const other = (await locksOf(store)).find((one) => !known.has(one.key));
  if (other !== undefined) {
    throw new Error(`stack ${store.name} was locked at the same moment by ${lockText(other)}: nothing was done`);
  }
  return stale;
}

/** @throws if somebody removed our lock, so that an update may have begun */
async function assertHeld({ name, bucket }: Store, key: string): Promise<void> {
  if ((await bucket.read(key)) !== undefined) return;
  throw new Error(
    `the lock of stack ${name} that this command held was removed (pulumi cancel?): the state was left as it is; see that no update runs, then run this again`,
  );
}

async function release({ name, bucket }: Store, key: string): Promise<void> {
  try {
    await bucket.remove(key);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.error(
      `orrery: the lock ${key} could not be removed (${why}): npx pulumi cancel --stack ${name} removes it`,
    );
  }
}

const digestOf = (state: PresentState | undefined): string =>
  state === undefined ? "" : `${state.key} ${createHash("sha256").update(state.bytes).digest("hex")}`;
