/**
 * A private backend with a copy of one state. The engine imports and refreshes there, because it refuses both on a stack that somebody holds,
 * also where that is the command that started it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { folderBucket } from "./backend/folder.ts";
import type { HeldState } from "./heldState.ts";
import { type PresentState, presentState, type Store } from "./store.ts";

/** The engine's file with the version of a backend's layout; 1 keeps stacks by project. */
const meta = ".pulumi/meta.yaml";

/** What the engine records of a refresh besides the state. */
const records = [".pulumi/history", ".pulumi/backups"];

/** Does something with a stack that only this process has, in a folder that is removed at the end. */
export async function withPrivateBackend<T>(
  store: Store,
  state: PresentState,
  work: (copy: Store) => Promise<T>,
  ending?: AbortSignal,
): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-state-"));
  const clean = (): void => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once("exit", clean);
  try {
    const url = `file://${folder}`;
    const bucket = folderBucket(url);
    await bucket.write(meta, Buffer.from("version: 1\n"));
    await bucket.write(state.key, state.bytes);
    const engine = { env: { PULUMI_BACKEND_URL: url }, ...(ending === undefined ? {} : { signal: ending }) };
    return await work({ ...store, url, bucket, engine });
  } finally {
    process.off("exit", clean);
    clean();
  }
}

/** A copy of a held state, and what brings it back. */
export interface WorkingCopy {
  readonly copy: Store;
  /** Writes the copy's state, and the engine's records of what it did, to the stack. @throws as {@link HeldState.write} */
  readonly push: () => Promise<void>;
}

/** Does something with a copy of the state that is held. @throws if there is none */
export function withWorkingCopy<T>(store: Store, held: HeldState, work: (one: WorkingCopy) => Promise<T>): Promise<T> {
  if (held.present === undefined) throw new Error(`${store.url} has no state of stack ${store.name}`);
  const pushed = new Set<string>();
  const use = (copy: Store): Promise<T> =>
    work({
      copy,
      push: async () => {
        const now = await presentState(copy);
        if (now === undefined) throw new Error(`the engine removed its copy of the state of stack ${store.name}`);
        if (now.key !== held.present?.key || !now.bytes.equals(held.present.bytes)) {
          await held.write(now.key, now.bytes);
        }
        const keys = (await Promise.all(records.map((folder) => copy.bucket.list(folder)))).flat();
        for (const key of keys.filter((one) => !pushed.has(one))) {
          await store.bucket.write(key, (await copy.bucket.read(key)) ?? Buffer.alloc(0));
          pushed.add(key);
        }
      },
    });
  return withPrivateBackend(store, held.present, use, held.ending);
}
