/** What an event of a soak is. */
import type { Loss } from "./losses.ts";

/** What is seen of an event. */
export type Look = "done" | "failed" | "nothing yet";

/** A kind of event. */
export interface EventKind {
  readonly name: string;
  /** How often it happens, next to the others. */
  readonly weight: number;
  /** Seconds after which somebody asks why nothing is seen. */
  readonly patience: number;
  /** @returns by which the event is known */
  readonly send: (number: number) => Promise<string>;
  /** What is seen of events; those that are left out are not seen yet. */
  readonly look: (ids: readonly string[]) => Promise<ReadonlyMap<string, Look>>;
  /** What people do when nothing is seen. @returns how many deliveries the webhook's page showed as failed */
  readonly again: (id: string) => Promise<number>;
  /** What makes the service itself lose an event that has reached it: programs whose death within so many seconds explains it, and why. */
  readonly loses: readonly Loss[];
}

/** What is seen of tasks of Packit or Stream, by their subjects. */
export const seenOfTasks = (
  ids: readonly string[],
  tasks: readonly { readonly subject: string; readonly state: string }[],
): Promise<Map<string, Look>> =>
  seenOf(ids, (id) => {
    const states = tasks.filter(({ subject }) => subject === id).map(({ state }) => state);
    if (states.includes("done")) return Promise.resolve("done");
    return Promise.resolve(states.includes("failed") ? "failed" : "nothing yet");
  });

/** What is seen of each. */
export const seenOf = async (ids: readonly string[], look: (id: string) => Promise<Look>): Promise<Map<string, Look>> =>
  new Map(await Promise.all(ids.map(async (id) => [id, await look(id)] as const)));
