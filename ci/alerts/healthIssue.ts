/** The one issue about what is wrong; it keeps in itself what each sink was notified of. */
import { type GitHub, mostCharacters } from "../github.ts";
import { type Memory, parseMemory } from "./change.ts";
import type { Problem } from "./problem.ts";

const marker = "<!-- orrery-health -->";
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
export interface HealthIssue {
  readonly number: number | undefined;
  readonly open: boolean;
  readonly memory: Memory;
}

/** Finds the issue; only one of the workflow's own counts, as anybody may open issues. @throws if what it keeps is damaged */
export async function findIssue(hub: GitHub): Promise<HealthIssue> {
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

/** The issue's text. */
export function issueBody(problems: readonly Problem[], memory: Memory): string {
  const kept = `<!-- orrery-notified ${Buffer.from(JSON.stringify(memory)).toString("base64")} -->`;
  const lines = problems.map(
    ({ stack, level, title, text }) =>
      `- ${level === "bad" ? "**bad**" : "warning"}, ${stack}: ${code(title)}: ${code(text)}`,
  );
  const room = mostCharacters - marker.length - kept.length - 100;
  const list = lines.length === 0 ? "Nothing is wrong." : lines.join("\n");
  return [marker, kept, "", list.length > room ? `${list.slice(0, Math.max(0, room))}\n\n(shortened)` : list].join(
    "\n",
  );
}

/** A text that is no markup and mentions nobody. */
const code = (text: string): string => `\`${text.replaceAll("`", "'").replaceAll("\n", " ")}\``;

/** Opens, updates or closes the issue. @returns a line for the job's log */
export async function keepHealthIssue(
  hub: GitHub,
  { number, open }: HealthIssue,
  problems: readonly Problem[],
  memory: Memory,
): Promise<string> {
  const bad = problems.filter(({ level }) => level === "bad").length;
  const stacks = [...new Set(problems.map(({ stack }) => stack))].join(", ");
  const title =
    problems.length === 0
      ? "Health: nothing is wrong"
      : `Health: ${stacks}: ${bad} bad, ${problems.length - bad} warnings`;
  const body = issueBody(problems, memory);
  if (number === undefined) {
    if (problems.length === 0) return "nothing is wrong, and there is no issue";
    const made = await hub.send<Issue>("POST", "/issues", { title, body });
    return `issue ${made.number} opened`;
  }
  const state = problems.length === 0 ? { state: "closed", state_reason: "completed" } : { state: "open" };
  await hub.send("PATCH", `/issues/${number}`, { title, body, ...state });
  return `issue ${number} ${problems.length === 0 ? (open ? "closed" : "stays closed") : open ? "updated" : "opened again"}`;
}
