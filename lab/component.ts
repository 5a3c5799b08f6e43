import type { LabSettings } from "./settings.ts";

/** Tells the user what is going on; one line a step. */
export type Log = (line: string) => void;

/** One row of `npm run lab -- status`. */
export interface Health {
  readonly name: string;
  readonly healthy: boolean;
  /** What was seen, or what to do about it. */
  readonly detail: string;
}

/** A part of the lab: the toolchain, a cloud, the machines. Every method may be called again at any time. */
export interface LabPart {
  readonly name: string;
  /** Puts on the machine what the part needs; returns at once when it is there. */
  install(log: Log): Promise<void>;
  /** Starts what does not run yet and returns when it answers. */
  up(lab: LabSettings, log: Log): Promise<void>;
  /** Stops everything that `up` started and removes its mounts, links and namespaces; data stays. */
  down(lab: LabSettings): Promise<void>;
  health(lab: LabSettings): Promise<Health[]>;
}
