/** Keeps a copy of a collection of the API up to date. */
import { setTimeout as sleep } from "node:timers/promises";
import { type KubeApi, KubeError, type KubeObject } from "../api.ts";

/** A copy of a collection. */
export interface Followed<T> {
  /** The objects, in no order; undefined until the first list has arrived. */
  objects(): readonly T[] | undefined;
}

/** Lists a collection and then watches it, for ever; its path may have a selector as query. Calls `changed` after each change. */
export function follow<T extends KubeObject>(api: KubeApi, path: string, changed: () => void): Followed<T> {
  let copy: Map<string, T> | undefined;
  const once = async (): Promise<void> => {
    const { items, metadata } = await api.get<{ items: T[]; metadata: { resourceVersion: string } }>(path);
    const objects = new Map(items.map((item) => [keyOf(item), item]));
    copy = objects;
    changed();
    const selected = path.includes("?") ? `${path}&` : `${path}?`;
    await api.watch<T>(`${selected}watch=1&resourceVersion=${metadata.resourceVersion}`, ({ type, object }) => {
      if (type === "ADDED" || type === "MODIFIED") objects.set(keyOf(object), object);
      else if (type === "DELETED") objects.delete(keyOf(object));
      else return; // after an error the server ends the watch, and everything is listed again
      changed();
    });
  };
  void (async () => {
    for (;;) {
      await once().catch((error: unknown) => {
        console.error(`${path}: ${error instanceof Error ? error.message : String(error)}; trying again`);
      });
      await sleep(500);
    }
  })();
  return { objects: () => (copy === undefined ? undefined : [...copy.values()]) };
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ""}/${metadata.name}`;

/**
 * Runs `work` soon after each call, once at a time; calls meanwhile lead to one more run. A failure is logged and tried again.
 * @param pause - least milliseconds between two runs; on a busy machine twice as long as a run takes, at most 5 s
 */
export function coalesced(what: string, pause: number, work: () => Promise<void>): () => void {
  let wanted = false;
  let running = false;
  const run = async (): Promise<void> => {
    running = true;
    while (wanted) {
      wanted = false;
      const began = performance.now();
      let took = 0;
      const ended = (): number => (took = performance.now() - began);
      await work()
        .finally(ended)
        .catch(async (error: unknown) => {
          console.error(`${what}: ${error instanceof Error ? error.message : String(error)}; trying again`);
          wanted = true;
          await sleep(1000);
        });
      await sleep(Math.max(pause, Math.min(2 * took, 5000)));
    }
    running = false;
  };
  return () => {
    wanted = true;
    if (!running) void run();
  };
}

/**
 * Runs work for one object after another, of which each may fail for itself: what is wrong is logged once. A conflict and an object
 * that is gone are left to the watch, which brings them.
 */
export function eachOnce(): (path: string, work: () => Promise<void>) => Promise<void> {
  const said = new Map<string, string>();
  return async (path, work) => {
    try {
      await work();
      said.delete(path);
    } catch (error) {
      if (error instanceof KubeError && (error.status === 409 || error.status === 404)) return;
      const message = error instanceof Error ? error.message : String(error);
      if (said.get(path) !== message) console.error(`${path}: ${message}`);
      said.set(path, message);
    }
  };
}
