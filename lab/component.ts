import type { LabSettings } from "./settings.ts";

/** Prints one line of progress. */
export type Log = (line: string) => void;

/** One row of `npm run lab -- status`. */
export interface Health {
  readonly name: string;
  readonly healthy: boolean;
  /** What was observed, or how to fix it. */
  readonly detail: string;
}

/** A component of the lab: a cloud or the machines. Every method is idempotent. */
export interface LabComponent {
  readonly name: string;
  /** Installs packages and builds images; returns at once if they are installed. */
  install(log: Log): Promise<void>;
  /** Starts the daemons that are not running, and waits until they are ready. */
  up(lab: LabSettings, log: Log): Promise<void>;
  /** Stops everything that `up` started and removes its mounts, links and namespaces; data is kept. */
  down(lab: LabSettings): Promise<void>;
  health(lab: LabSettings): Promise<Health[]>;
}
