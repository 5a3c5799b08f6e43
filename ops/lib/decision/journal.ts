/** The journal of a decision: what was changed, so that it can be finished or undone after any interruption. */
import { createHash } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { journalPath, type OpenDecision, readJournal } from "../../../config/openDecision.ts";
import type { Holder } from "./holder.ts";
import type { Task } from "./task.ts";

/** Another passphrase or key service for file and state. */
export interface SecretsChange {
  /** Holds the drafts of the file; see secrets/reencrypt.ts. */
  readonly folder: string;
  /** The state's `secrets_providers` before, as JSON. */
  readonly before: string;
  /** SHA-256 of the file that the drafts were made of. */
  readonly source: string;
}

/** One decision. It holds no secret: of the file only checksums, of the state only URNs and ids. */
export interface Journal extends OpenDecision {
  readonly stack: string;
  /** Path of the stack's file. */
  readonly file: string;
  /** When it began, ISO 8601. */
  readonly began: string;
  readonly holder: Holder;
  /** Whether the engine's update may have begun. */
  readonly engine: boolean;
  /** SHA-256 of the file before, and of what was written into it. */
  readonly texts?: { readonly before: string; readonly after: readonly string[] };
  /** URNs whose protection was lifted. */
  readonly lifted: readonly string[];
  /** If one of these resources has another id afterwards, going back would do more than going on. */
  readonly pivot?: { readonly urns: string; readonly ids: Readonly<Record<string, string>> };
  readonly task?: Task;
  readonly secrets?: SecretsChange;
}

/** Where the file of before is kept until the end: putting it back needs no room on the disk then. */
const copyPath = (file: string): string => `${journalPath(file)}-before`;

export const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The journal of a stack's file; undefined if nothing is open. @throws if it cannot be read */
export const openJournal = (file: string): Journal | undefined => readJournal(file) as Journal | undefined;

/** Writes a new journal. @throws if there is one already */
export function createJournal(journal: Journal): void {
  const at = journalPath(journal.file);
  const draft = written(journal);
  try {
    linkSync(draft, at); // unlike a rename this fails if somebody else was faster
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const other = openJournal(journal.file);
    const who = other === undefined ? "another command" : `orrery ${other.command} (process ${other.holder.pid})`;
    throw new Error(`${who} works on stack ${journal.stack}; wait for its end: nothing was done`, { cause: error });
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(path.dirname(at));
}

/** Replaces the journal. */
export function updateJournal(journal: Journal): void {
  const at = journalPath(journal.file);
  renameSync(written(journal), at);
  syncFolder(path.dirname(at));
}

/** Ends the decision: from here on nothing is open. */
export function removeJournal({ file, id }: Journal): void {
  if (readJournal(file)?.id !== id) return; // somebody else has settled it
  rmSync(journalPath(file), { force: true });
  syncFolder(path.dirname(journalPath(file)));
  rmSync(copyPath(file), { force: true });
  rmSync(draftFolder(file, id), { recursive: true, force: true });
}

/** Folder of a decision's drafts, next to the file. */
export const draftFolder = (file: string, id: string): string =>
  path.join(path.dirname(journalPath(file)), `.orrery-${id}`);

/** Keeps a copy of the stack's file as it is. */
export function keepCopy({ file }: Journal): void {
  copyFileSync(file, copyPath(file));
  sync(copyPath(file));
}

/** Puts the file back, if it still is what the decision wrote. @returns what became of it */
export function putBack({ file, texts }: Journal): string {
  const name = path.basename(file);
  const now = existsSync(file) ? digest(readFileSync(file, "utf8")) : undefined;
  if (texts === undefined || now === texts.before) return `${name} is as it was`;
  const target = journalPath(file).slice(0, -".journal".length);
  if (now !== undefined && texts.after.includes(now)) {
    renameSync(copyPath(file), target);
    syncFolder(path.dirname(target));
    return `${name} is as it was`;
  }
  if (existsSync(copyPath(file))) renameSync(copyPath(file), `${target}.before`);
  return `${name} was changed by somebody else since, so it stays; ${name}.before is what it was`;
}

function written(journal: Journal): string {
  const draft = `${journalPath(journal.file)}.${process.pid}.tmp`;
  const descriptor = openSync(draft, "w", 0o600);
  try {
    const bytes = Buffer.from(`${JSON.stringify(journal, undefined, 2)}\n`);
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  return draft;
}

/** Puts a file on the disk. */
export function sync(file: string): void {
  const descriptor = openSync(file, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const syncFolder = sync;
