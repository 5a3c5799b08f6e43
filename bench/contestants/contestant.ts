/** One way of deploying one system; the runner times the four steps and nothing else. */
import type { Cost } from "../measure.ts";
import type { Step } from "../results.ts";

/** What a step cost. */
export interface StepCost extends Pick<Cost, "seconds" | "cpu"> {
  /** How often the engine saved its state; undefined for tools without one, and backends that are not a folder. */
  readonly saves?: number | undefined;
}

/** A contestant. Each step ends when its tool says that everything is ready, or gone. */
export interface Contestant extends Readonly<Record<Step, () => Promise<StepCost>>> {
  /** As the table calls it. */
  readonly name: string;
  /** Resources that it manages. */
  readonly resources: number;
  /** Removes whatever a failed step has left, and its files. */
  close(): Promise<void>;
}

/** What every contestant deploys: the system of a stack, as it is and with one image changed. */
export interface Task {
  readonly system: string;
  readonly stack: string;
  /** Stack's file aimed at the lab, and the same with the change. */
  readonly file: string;
  readonly changedFile: string;
  /** Folder for the contestant's files. */
  readonly folder: string;
}

/** Runs commands one after the other. @returns the cost of all */
export async function inTurn(commands: readonly (() => Promise<StepCost>)[]): Promise<StepCost> {
  let [seconds, cpu] = [0, 0];
  for (const command of commands) {
    const cost = await command();
    seconds += cost.seconds;
    cpu += cost.cpu;
  }
  return { seconds, cpu };
}
