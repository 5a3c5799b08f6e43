/** The journal next to a stack's file: a command changes file, protections and clouds together, and has not come to its end. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { projectDir } from "./stackFile.ts";

/** Variable by which a command tells the program that the update is its own: the journal's id. */
export const decisionVariable = "ORRERY_DECISION";

/** What everyone may read of a journal. */
export interface OpenDecision {
  readonly id: string;
  /** E.g. `callysto rebuild`. */
  readonly command: string;
}

/** Path of a stack file's journal; a link and the file that it names have one journal. */
export function journalPath(file: string): string {
  return `${existsSync(file) ? realpathSync(file) : path.resolve(file)}.journal`;
}

/** The journal of a stack file, or undefined if nothing is open. @throws if it cannot be read */
export function readJournal(file: string): OpenDecision | undefined {
  const at = journalPath(file);
  if (!existsSync(at)) return undefined;
  try {
    return JSON.parse(readFileSync(at, "utf8")) as OpenDecision;
  } catch {
    throw new Error(`${at} cannot be read; compare ${path.basename(file)} with git, then remove the journal`);
  }
}

/** Why the stack cannot be deployed now; undefined if nothing is open, or this update is a part of it. */
export function openProblem(stack: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const open = readJournal(path.join(projectDir, `Pulumi.${stack}.yaml`));
  if (open === undefined || open.id === env[decisionVariable]) return undefined;
  return `orrery ${open.command} works on stack ${stack}, or was interrupted; npx orrery decision --stack ${stack} says which, and settles it`;
}
