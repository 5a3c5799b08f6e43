/** Work of a command besides the stack's file and its protections, which must come to an end whatever becomes of the command. */

/** One such work, as the journal has it. */
export interface Task {
  readonly kind: "packit writers" | "packit volume" | "stack split" | "stack join";
  /** Options of the command, e.g. the service; no secrets. */
  readonly values: Readonly<Record<string, string | undefined>>;
}

/** What became of a decision: `kept` are new settings of which the update has done only a part. */
export type End = "finished" | "undone" | "kept";

/** Settles one kind of work. */
export interface TaskSettler {
  /** What was reached already, so that going on is right; undefined if going back is. */
  reached?(values: Task["values"]): Promise<string | undefined>;
  /** Brings the work to its end. @returns what was done, for the message */
  end(values: Task["values"], end: End): Promise<string>;
}
