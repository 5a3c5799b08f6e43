/** An issue that a nightly job keeps: opened, updated, closed and opened again. It keeps in itself what each sink was notified of. */
import { type GitHub, mostCharacters } from "../github.ts";
import { type Memory, parseMemory } from "./change.ts";

const memoryMark = /<!-- orrery-notified ([\w+/=]*) -->/;
const author = "github-actions[bot]";

interface Issue {
  readonly number: number;
  readonly state: "open" | "closed";
  readonly body: string | null;
  readonly user: { readonly login: string } | null;
  readonly pull_request?: unknown;
}

/** The issue, open or closed. */
export interface KeptIssue {
  readonly number: number | undefined;
  readonly open: boolean;
  readonly memory: Memory;
}

/** What an issue says. */
export interface IssueText {
  readonly title: string;
  /** Markdown. */
  readonly list: string;
  /** Whether there is something to do. */
  readonly open: boolean;
}

/**
 * Finds the issue; only one of the workflow's own counts, as anybody may open issues.
 * @param marker - the first line of its text
 * @throws if what it keeps is damaged
 */
export async function findIssue(hub: GitHub, marker: string): Promise<KeptIssue> {
  const all = await hub.list<Issue>("/issues?state=all&creator=app%2Fgithub-actions");
  const own = all.find(
    ({ body, user, pull_request: pull }) =>
      pull === undefined && user?.login === author && body?.startsWith(marker) === true,
  );
  if (own === undefined) return { number: undefined, open: false, memory: {} };
  const [, kept] = memoryMark.exec(own.body ?? "") ?? [];
  const memory = kept === undefined ? {} : parseMemory(Buffer.from(kept, "base64").toString());
  return { number: own.number, open: own.state === "open", memory };
}

/** The issue's text, shortened to what GitHub takes. */
export function issueBody(marker: string, list: string, memory: Memory): string {
  const kept = `<!-- orrery-notified ${Buffer.from(JSON.stringify(memory)).toString("base64")} -->`;
  const room = mostCharacters - marker.length - kept.length - 100;
  const text = list.length > room ? `${list.slice(0, Math.max(0, room))}\n\n(shortened)` : list;
  return [marker, kept, "", text].join("\n");
}

/** Opens, updates or closes the issue. @returns a line for the job's log */
export async function keepIssue(
  hub: GitHub,
  marker: string,
  { number, open: wasOpen }: KeptIssue,
  { title, list, open }: IssueText,
  memory: Memory,
): Promise<string> {
  const body = issueBody(marker, list, memory);
  if (number === undefined) {
    if (!open) return "nothing is wrong, and there is no issue";
    const made = await hub.send<Issue>("POST", "/issues", { title, body });
    return `issue ${made.number} opened`;
  }
  const state = open ? { state: "open" } : { state: "closed", state_reason: "completed" };
  await hub.send("PATCH", `/issues/${number}`, { title, body, ...state });
  const done = open ? (wasOpen ? "updated" : "opened again") : wasOpen ? "closed" : "stays closed";
  return `issue ${number} ${done}`;
}
