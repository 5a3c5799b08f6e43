/** Notifies every sink of what began and what ended since the last time, and keeps what each of them knows: in a file, else in an issue. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { github } from "../github.ts";
import { withoutSecrets } from "../redact.ts";
import { changeOf, type Memory, messageOf, parseMemory, type Sink } from "./change.ts";
import { findIssue, type IssueText, keepIssue } from "./keptIssue.ts";
import type { Problem } from "./problem.ts";

export interface Delivery {
  readonly sinks: readonly Sink[];
  readonly problems: readonly Problem[];
  /** Whether a problem of this key would be seen if it were still there. */
  readonly wasAsked: (key: string) => boolean;
  /** File that keeps what was reported. @default the issue keeps it */
  readonly state: string | undefined;
  readonly issue: { readonly marker: string; readonly text: IssueText };
  /** Texts that no message may have. */
  readonly secrets: readonly string[];
}

/** @throws naming the sinks that did not take their message: they get it the next time */
export async function deliver({ sinks, problems, wasAsked, state, issue, secrets }: Delivery): Promise<void> {
  const hub = state === undefined ? github() : undefined;
  const kept = hub === undefined ? undefined : await findIssue(hub, issue.marker);
  let memory: Memory = kept?.memory ?? remembered(state);
  const broken: string[] = [];
  const now = new Date();
  for (const { name, send } of sinks) {
    const change = changeOf(memory[name] ?? {}, problems, wasAsked, now);
    const message = messageOf(change);
    try {
      if (message !== undefined) await send(message);
      memory = { ...memory, [name]: change.known };
      console.log(`${name}: ${message === undefined ? "nothing new" : message.title}`);
    } catch (error) {
      broken.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (state !== undefined) remember(state, memory);
  if (hub !== undefined && kept !== undefined)
    console.log(await keepIssue(hub, issue.marker, kept, issue.text, memory));
  if (broken.length > 0) throw new Error(withoutSecrets(broken.join("; "), secrets));
}

function remembered(file: string | undefined): Memory {
  if (file === undefined || !existsSync(file)) return {};
  try {
    return parseMemory(readFileSync(file, "utf8"));
  } catch {
    throw new Error(`${file} is not what this script writes; remove it, and every open problem is reported again`);
  }
}

function remember(file: string, memory: Memory): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(memory, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}
