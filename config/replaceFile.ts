/** Files that are replaced whole or not at all, also when the disk is full, the command is ended or the machine stops. */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A file and what it is to be. */
export interface Replacement {
  readonly file: string;
  readonly text: string;
  /** Text that `text` was made from; undefined where the file must not exist yet. */
  readonly before: string | undefined;
}

/**
 * Writes every draft to the disk before the first file is replaced; if one cannot be replaced, the others are put back.
 * A file keeps its mode, and a link stays a link.
 * @param check - is given the path of each draft, which has the file's own name; what it throws leaves all as it was
 * @throws if a file is not what the change was made from: somebody else wrote it
 */
export function replaceFiles(replacements: readonly Replacement[], check?: (draft: string) => void): void {
  const drafts: Draft[] = [];
  try {
    for (const { file, text } of replacements) {
      const target = existsSync(file) ? realpathSync(file) : file;
      const folder = mkdtempSync(path.join(path.dirname(target), ".orrery-"));
      const draft = path.join(folder, path.basename(file));
      drafts.push({ folder, draft, target });
      writeWhole(draft, text);
      if (existsSync(target)) chmodSync(draft, statSync(target).mode & 0o7777);
      check?.(draft);
    }
    for (const { file, before } of replacements) {
      const now = existsSync(file) ? readFileSync(file, "utf8") : undefined;
      if (now !== before)
        throw new Error(`${path.basename(file)} was changed by somebody else meanwhile; nothing was written`);
    }
    replaceAll(drafts);
  } finally {
    for (const { folder } of drafts) rmSync(folder, { recursive: true, force: true });
  }
}

interface Draft {
  /** Of its own, next to the file: a rename works within one file system only. */
  readonly folder: string;
  readonly draft: string;
  readonly target: string;
}

/** Replaces every target, or puts back those that were replaced before one failed. */
function replaceAll(drafts: readonly Draft[]): void {
  const copies = drafts.map(({ folder, draft, target }) => {
    const copy = existsSync(target) ? path.join(folder, "before") : undefined;
    // Copied before anything is replaced, so that putting back takes no room on the disk.
    if (copy !== undefined) copyFileSync(target, copy);
    return { draft, target, copy };
  });
  const done: typeof copies = [];
  try {
    for (const one of copies) {
      renameSync(one.draft, one.target);
      done.push(one);
      syncFolder(path.dirname(one.target));
    }
  } catch (error) {
    for (const { target, copy } of done) {
      if (copy === undefined) rmSync(target);
      else renameSync(copy, target);
    }
    throw error;
  }
}

/** Gives `check` a draft as {@link replaceFiles} would, and replaces nothing. */
export function checkDraft(file: string, text: string, check: (draft: string) => void): void {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-draft-"));
  try {
    const draft = path.join(folder, path.basename(file));
    writeWhole(draft, text);
    check(draft);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Replaces a file that need not be what it was. */
export function replaceFile(file: string, text: string): void {
  replaceFiles([{ file, text, before: existsSync(file) ? readFileSync(file, "utf8") : undefined }]);
}

function writeWhole(file: string, text: string): void {
  const descriptor = openSync(file, "wx", 0o644);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A rename is on the disk only when its folder is. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
