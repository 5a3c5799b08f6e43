/** What another command left open: who holds it, and how it is settled. */
import { later } from "./decide.ts";
import { enginesOf } from "./engine.ts";
import { stateOf, thisProcess } from "./holder.ts";
import { type Journal, openJournal, updateJournal } from "./journal.ts";
import { settle, type Wish } from "./settle.ts";

/** The command that finds something open. */
interface Finder {
  readonly command: string;
  /** Whether it changes something, and was told to. */
  readonly changes: boolean;
  readonly dryRun: boolean;
}

/** Commands that only tell: they help where the engine must be helped first. */
const onlyTell = /^(state |doctor$)/;

/** The journal in words. */
export function openText({ command, stack, holder, began }: Journal): string {
  return `${command} of stack ${stack} (process ${holder.pid} on ${holder.host}, since ${began.slice(0, 19)}Z)`;
}

/** @throws if another command works on the stack, or an interrupted one cannot be settled now */
export async function assertSettled(file: string, { command, changes, dryRun }: Finder): Promise<void> {
  const journal = openJournal(file);
  if (journal === undefined || command === "decision") return;
  const { stack } = journal;
  const busy = await busyWith(journal);
  if (busy !== undefined) {
    if (changes) throw new Error(`${busy}: nothing was done`);
    console.error(`note: ${busy}`);
    return;
  }
  const open = `${openText(journal)} was interrupted`;
  if (onlyTell.test(command)) {
    console.error(`note: ${open}; npx orrery decision --stack ${stack} settles it`);
    return;
  }
  if (dryRun) throw new Error(`${open}; settle that first: npx orrery decision --stack ${stack}`);
  console.error(`orrery: ${open}: ${await settleJournal(journal)}`);
}

/** Why the journal is not ours to settle; undefined if its holder has ended. */
export async function busyWith(journal: Journal): Promise<string | undefined> {
  const { stack } = journal;
  const state = stateOf(journal.holder);
  if (state === "works") return `${openText(journal)} is at work; wait for its end`;
  if (state === "elsewhere") {
    return `${openText(journal)} is on another machine or in another container; if it no longer runs, settle it: npx orrery decision --stack ${stack} --undo, or --finish`;
  }
  const [engine] = await enginesOf(journal);
  return engine === undefined
    ? undefined
    : `${openText(journal)} was interrupted, but its pulumi (process ${engine}) still runs; wait for its end`;
}

/** Settles it. @returns what was done @throws if that is not possible now */
export async function settleJournal(journal: Journal, wish?: Wish): Promise<string> {
  updateJournal({ ...journal, holder: thisProcess() });
  try {
    return await settle(journal, false, wish);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`${openText(journal)} was interrupted, and cannot be settled: ${said}; ${later(journal.stack)}`, {
      cause: error,
    });
  }
}
