/** Finds what settles a kind of work. */
import type { Task, TaskSettler } from "./task.ts";

/** Loads only what is needed: the commands of one system. */
export async function settlerOf({ kind }: Task): Promise<TaskSettler> {
  const { writersTask, volumeTask } = await import("../packit/database/interrupted.ts");
  const { joinTask, splitTask } = await import("../split/moves.ts");
  return {
    "stack join": joinTask,
    "stack split": splitTask,
    "packit writers": writersTask,
    "packit volume": volumeTask,
  }[kind];
}
