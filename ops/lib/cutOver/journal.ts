/** The journal of a cut-over: what it did and what the old cluster had before, so that it can go on or back after any interruption. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type Holder, stateOf, thisProcess } from "../decision/holder.ts";

/** In this order; each may be repeated. */
export const steps = ["secrets", "deploy", "stop", "data", "start", "status"] as const;
export type Step = (typeof steps)[number];

/** What a workload of the old cluster had: a number of pods, or for a CronJob whether it was suspended. */
export interface Was {
  /** `Deployment packit-prod/packit-service` */
  readonly title: string;
  /** As kubectl calls it: `deployments.apps` */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly replicas?: number;
  readonly suspend?: boolean;
}

/** An API server, and what no two clusters have alike. */
export interface ServerId {
  readonly server: string;
  readonly id?: string | undefined;
}

/** The journal's file. It has names and numbers, and no secret. */
export interface CutOverFile {
  readonly stack: string;
  /** Name of the new cluster in the stack. */
  readonly cluster: string;
  /** When it began, ISO 8601. */
  readonly began: string;
  /** The old cluster: its API server, and where its kubeconfig is. */
  readonly old: { readonly server: string; readonly kubeconfig: string };
  /** The new one; the id only if the account may read it. */
  readonly fresh: ServerId;
  /** Whether an update that starts the new cluster has begun: then its databases have rows of its own. */
  readonly started: boolean;
  /** Patterns of what goes on in the old cluster, and of data that stays behind. */
  readonly keep: readonly string[];
  readonly accept: readonly string[];
  readonly begun: readonly Step[];
  readonly done: readonly Step[];
  /** What was stopped, as it was before. */
  readonly was: readonly Was[];
  /** Whether somebody wants the old cluster back. */
  readonly undoing: boolean;
}

/** A cut-over that has begun; every change is on the disk before what it is about is done. */
export class CutOverJournal {
  private content: CutOverFile;
  readonly path: string;

  private constructor(path: string, content: CutOverFile) {
    this.path = path;
    this.content = content;
  }

  /** Begins one. */
  static create(
    path: string,
    about: Pick<CutOverFile, "stack" | "cluster" | "old" | "fresh" | "keep" | "accept">,
  ): CutOverJournal {
    const none = { begun: [], done: [], was: [], undoing: false, started: false };
    const journal = new CutOverJournal(path, { ...about, began: new Date().toISOString(), ...none });
    journal.note({});
    return journal;
  }

  /**
   * Keeps other runs from this journal: each would write its own memory over the other's. @returns what lets them in again
   * @throws while another one works
   */
  static lock(path: string): () => void {
    const file = `${path}.lock`;
    if (existsSync(file) && stateOf(JSON.parse(readFileSync(file, "utf8")) as Holder) === "ended")
      rmSync(file, { force: true });
    try {
      writeFileSync(file, `${JSON.stringify(thisProcess())}\n`, { mode: 0o600, flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new Error(`another run of this cut-over works; if that is not so, remove ${file}`, { cause: error });
    }
    return () => {
      rmSync(file, { force: true });
    };
  }

  /** The one that was begun; undefined if there is none. @throws if it cannot be read */
  static open(path: string): CutOverJournal | undefined {
    if (!existsSync(path)) return undefined;
    try {
      return new CutOverJournal(path, JSON.parse(readFileSync(path, "utf8")) as CutOverFile);
    } catch {
      throw new Error(`${path} is no journal of a cut-over; name another file by --out`);
    }
  }

  get now(): CutOverFile {
    return this.content;
  }

  /** Writes down what is about to be done. */
  note(more: Partial<CutOverFile>): void {
    this.content = { ...this.content, ...more };
    const draft = `${this.path}.tmp`;
    rmSync(draft, { force: true });
    writeFileSync(draft, `${JSON.stringify(this.content, undefined, 2)}\n`, { mode: 0o600 });
    const descriptor = openSync(draft, "r");
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(draft, this.path);
  }

  begin(step: Step): void {
    this.note({ begun: [...this.content.begun.filter((one) => one !== step), step] });
  }

  finish(step: Step): void {
    this.note({ done: [...this.content.done, step] });
  }

  /** These steps are to be done again. */
  reopen(...again: readonly Step[]): void {
    this.note({ done: this.content.done.filter((one) => !again.includes(one)) });
  }

  /** Remembers what is about to be stopped. What is known already stays: it is what was there before the first attempt. */
  remember(found: readonly Was[]): void {
    const known = new Set(this.content.was.map(({ title }) => title));
    this.note({ was: [...this.content.was, ...found.filter(({ title }) => !known.has(title))] });
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
