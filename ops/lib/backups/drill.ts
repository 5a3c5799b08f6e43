/** Restores the newest backup of a data set, and says whether it is whole. */
import { messageOf, span } from "../status/row.ts";
import type { DataSet } from "./dataSets.ts";
import { Repository } from "./repository.ts";
import { withoutLogins } from "../state/backend/backend.ts";

/** How a drill ended. */
export interface Drilled {
  readonly name: string;
  readonly whole: boolean;
  readonly text: string;
  /** Everything that is wrong. */
  readonly problems: readonly string[];
  /** Whether there is nothing to restore. */
  readonly none: boolean;
  /** The drill itself failed, e.g. as the repository does not answer: nothing is known of the backup. @default false */
  readonly failed?: true;
  /** When the backup was made, ISO 8601. @default there is none */
  readonly time?: string;
  /** Seconds from the first byte to the compared data, without the check of the repository. */
  readonly seconds?: number;
}

/** Drills one data set. @throws if its repository does not answer or this machine lacks a program */
export async function drill(
  { name, backups, remedy, drill: restoreAndCompare }: DataSet,
  secret: (key: string) => string,
  now: Date,
  ending: AbortSignal,
): Promise<Drilled> {
  const failed = (problems: readonly string[]): Drilled => ({
    name,
    whole: false,
    none: false,
    text: problems.join("; "),
    problems,
  });
  const none = (why: string): Drilled => ({ ...failed([why]), none: true });
  if (backups === undefined || restoreAndCompare === undefined) return none(`there are no backups: ${remedy}`);
  const repository = new Repository(backups.login(secret), ending);
  const [newest] = await repository.snapshots(backups.host);
  if (newest === undefined) return none(`there is no backup in ${withoutLogins(backups.url)} yet`);
  const damage = await repository.check();
  const begin = performance.now();
  const result = await restoreAndCompare((folder) => repository.restore(newest, folder), ending).catch(
    (error: unknown) => {
      if (damage === undefined) throw error;
      return { problems: [messageOf(error)], compared: "" };
    },
  );
  const seconds = Math.round((performance.now() - begin) / 100) / 10;
  const problems = [...(damage === undefined ? [] : [`the repository is damaged: ${damage}`]), ...result.problems];
  const time = newest.time.toISOString();
  if (problems.length > 0) return { ...failed(problems), time, seconds };
  const age = span(now.getTime() - newest.time.getTime());
  const text = `is whole: ${result.compared} as saved ${age} ago; restored and compared in ${seconds} s`;
  return { name, whole: true, none: false, text, problems, time, seconds };
}
