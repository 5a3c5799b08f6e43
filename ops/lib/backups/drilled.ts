/** What the list of data sets and the drills of single ones have in common. */

/** What is wrong with a restored backup, and what was compared. */
export interface DrillResult {
  /** Empty: it is whole. */
  readonly problems: readonly string[];
  /** In words. */
  readonly compared: string;
}

/**
 * Restores a backup on this machine, compares it, and removes it.
 * @param restore - restores it into a folder
 * @param ending - ends it early
 * @throws if this machine lacks a program
 */
export type DrillOf = (restore: (folder: string) => Promise<void>, ending: AbortSignal) => Promise<DrillResult>;
