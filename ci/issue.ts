/** The one issue about drift: opened, kept up to date, and closed when there is no drift any more. */
import { type GitHub, mostCharacters } from "./github.ts";

/** First line of the issue, which identifies it together with the author. */
const marker = "<!-- orrery-drift -->";

const author = "github-actions[bot]";

interface Issue {
  readonly number: number;
  readonly body: string | null;
  readonly user: { readonly login: string } | null;
  readonly pull_request?: unknown;
}

/** The result for one stack. */
export interface Finding {
  readonly stack: string;
  /** The drift as Markdown; undefined if there is none. */
  readonly report: string | undefined;
}

/** The issue's text. */
export function issueText(findings: readonly Finding[]): string {
  const parts = findings.flatMap(({ stack, report }) => (report === undefined ? [] : [`## ${stack}\n\n${report}`]));
  const text = [marker, ...parts].join("\n\n");
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}\n\n(shortened)`;
}

/** Opens, updates or closes the issue. @returns a line for the job's log */
export async function keepIssue(findings: readonly Finding[], hub: GitHub): Promise<string> {
  const open = await hub.list<Issue>("/issues?state=open&creator=app%2Fgithub-actions");
  const [own, ...more] = open.filter(
    ({ body, user, pull_request: pull }) =>
      pull === undefined && user?.login === author && body?.startsWith(marker) === true,
  );
  for (const { number } of more) await hub.send("PATCH", `/issues/${number}`, { state: "closed" });
  const drifting = findings.filter(({ report }) => report !== undefined).map(({ stack }) => stack);
  if (drifting.length === 0) {
    if (own === undefined) return "no drift, and no open issue";
    await hub.send("POST", `/issues/${own.number}/comments`, { body: "There is no drift any more." });
    await hub.send("PATCH", `/issues/${own.number}`, { state: "closed", state_reason: "completed" });
    return `no drift any more: issue ${own.number} closed`;
  }
  const title = `Drift: ${drifting.join(", ")} ${drifting.length === 1 ? "is" : "are"} not as declared`;
  const body = issueText(findings);
  if (own === undefined) {
    const { number } = await hub.send<Issue>("POST", "/issues", { title, body });
    return `issue ${number} opened`;
  }
  await hub.send("PATCH", `/issues/${own.number}`, { title, body });
  return `issue ${own.number} updated`;
}
