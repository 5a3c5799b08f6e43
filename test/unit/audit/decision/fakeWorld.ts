/** What the fake programs of the decisions' tests know and remember: a JSON file that each of them reads and writes. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** How the engine's next update goes. */
export type Course =
  | "works"
  /** The person says no at the prompt. */
  | "no"
  /** The shell's passphrase is not the stack's: the CLI ends before the engine starts. */
  | "wrong passphrase"
  /** It fails before it has changed a resource. */
  | "fails"
  /** It fails after it has replaced what it was to replace. */
  | "breaks off"
  /** The same, and its record in the history is lost. */
  | "breaks off unrecorded"
  /** Command and engine are killed with SIGKILL when it begins, or after it has succeeded. */
  | "killed"
  | "killed late"
  /** Only the command is killed; the engine goes on for a while and succeeds. */
  | "orphaned"
  /** It goes on until it gets SIGINT, and fails then. */
  | "waits"
  /** The command gets SIGTERM while a database is dumped. */
  | "stopped while it dumps"
  /** The command gets SIGTERM while the first of what writes to the database is scaled down, which takes long. */
  | "stopped while it stops";

export interface FakeResource {
  readonly urn: string;
  readonly type: string;
  id?: string;
  protect?: boolean;
  readonly parent?: string;
  readonly inputs?: object;
}

export interface FakeWorld {
  course: Course;
  /** Command that is killed with SIGKILL around a call of the CLI, e.g. "after unprotect". */
  kill?: string | undefined;
  /** Whether the backend can be reached. */
  offline?: boolean;
  /** Call of the CLI after which it cannot be reached. */
  offlineAfter?: string;
  /** npm's launcher of the CLI finds no CLI. */
  launcher?: boolean;
  /** The backend has no such stack. */
  stackless?: boolean;
  resources: FakeResource[];
  /** Pattern of the URNs that an update makes again. */
  replaces: string;
  history: { message: string; result: string }[];
  providers: object;
  /** URL of the backend. */
  backend: string;
  outputs: object;
  /** Address of the cluster's API. */
  server: string;
  /** Server that Service postgres selects, and what an update makes it select. */
  selector: string;
  selectorAfter: string;
  /** Numbers of pods, and those that are to come back, by workload. */
  pods: Record<string, { replicas: number; remembered?: string }>;
  /** Disks of the pool. */
  disks: readonly string[];
  /** What was asked for, a line each. */
  calls: string[];
}

const file = process.env.FAKE_WORLD ?? "";

export const readWorld = (from = file): FakeWorld => JSON.parse(readFileSync(from, "utf8")) as FakeWorld;

export function writeWorld(world: FakeWorld, to = file): void {
  writeFileSync(`${to}.${process.pid}`, JSON.stringify(world));
  renameSync(`${to}.${process.pid}`, to);
}
