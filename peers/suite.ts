/** What a foreign test suite is to the command. */
import type { ChildProcess } from "node:child_process";
import type { Run } from "../lab/pulumi.ts";

/** How one test ended. */
export interface Result {
  readonly test: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly seconds: number;
  /** Why it failed or was skipped, in one line. */
  readonly says?: string;
}

/** How a running program is ended. */
export interface Control {
  /** Aborts when nothing more may be begun: a signal, or the end of the time. */
  readonly stop: AbortSignal;
  /** Waits for a child, which is ended if a signal comes. @returns its exit code */
  readonly child: (child: ChildProcess) => Promise<number>;
}

/** A suite on a lab that is up. */
export interface Session {
  /** Names of all tests that it would run; they are the same in every run. */
  tests(): Promise<readonly string[]>;
  /**
   * Runs these tests, or the first of them, and reports each as it ends. A test that a stop interrupts is not reported.
   * @throws if it cannot be started
   */
  run(tests: readonly string[], report: (result: Result) => void, control: Control): Promise<void>;
}

/** One suite, at one version. */
export interface Suite {
  readonly name: string;
  /** For `--help`. */
  readonly about: string;
  /** A run of another version begins from nothing. */
  readonly version: string;
  /** What of the lab it runs on. */
  readonly cloud: "openstack" | "kubernetes";
  /** Installs it in the cache, once per machine, and chooses what the lab has when it starts. @throws with what is missing */
  install(run: Pick<Run, "lab" | "log">): Promise<void>;
  /** Prepares the lab for it: users, networks, settings. */
  open(run: Run): Promise<Session>;
}
