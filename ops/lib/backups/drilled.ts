/** What a drill of one data set says. */

/** What is wrong with a restored backup, and what was compared. */
export interface DrillResult {
  /** Empty: it is whole. */
  readonly problems: readonly string[];
  /** In words. */
  readonly compared: string;
}

/** Restores a backup on this machine and compares it. @param restore - restores it into a folder @throws if this machine lacks a program */
export type DrillOf = (restore: (folder: string) => Promise<void>) => Promise<DrillResult>;
