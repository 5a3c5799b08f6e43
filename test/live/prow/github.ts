/** As much of GitHub's API as Prow's hook asks when a member opens a pull request; what is asked otherwise is noted. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A stand-in for GitHub, which cannot be had here. */
export interface Github {
  readonly url: string;
  /** Requests, `METHOD /path`, in their order. */
  readonly asked: readonly string[];
  /** Scopes of the token that it knows. */
  scopes: string;
  close(): void;
}

/** An answer to requests that match. */
export type Answer = readonly [pattern: RegExp, status: number, body: unknown];

/** The token that it knows. */
const knownToken = "lab-token";

/** Commit of the base branch. */
const baseCommit = "b".repeat(40);

const usual: readonly Answer[] = [
  [/^GET \/user$/, 200, { login: "lab-bot", email: "lab-bot@example.org" }],
  [/^GET \/orgs\/testorg\/members\/alice$/, 204, undefined],
  [/^GET \/repos\/testorg\/testrepo\/git\/refs\/heads\/main$/, 200, { object: { sha: baseCommit } }],
  [/^GET \/repos\/testorg\/testrepo\/issues\/7\/labels/, 200, []],
  [/^GET \/repos\/testorg\/testrepo\/pulls\/7\/files/, 200, [{ filename: "README.md", status: "modified" }]],
];

/** Starts it on a port of its own; `anyToken` answers every token, as the environments' tokens are samples. */
export async function startGithub(anyToken = true, more: readonly Answer[] = []): Promise<Github> {
  const answers = [...more, ...usual];
  const asked: string[] = [];
  const github = { scopes: "read:user" };
  const server = createServer((request: IncomingMessage, response) => {
    const line = `${request.method ?? ""} ${request.url ?? ""}`;
    asked.push(line);
    request.resume();
    const known = anyToken || request.headers.authorization === `Bearer ${knownToken}`;
    const [, status, body] = known
      ? (answers.find(([pattern]) => pattern.test(line)) ?? [line, 404, {}])
      : [line, 401, {}];
    response.writeHead(status, { "content-type": "application/json", "x-oauth-scopes": github.scopes });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return Object.assign(github, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}

/** A pull request that alice opens, as GitHub describes it. */
export function openedPullRequest(): string {
  const repository = {
    owner: { login: "testorg" },
    name: "testrepo",
    full_name: "testorg/testrepo",
    html_url: "https://github.com/testorg/testrepo",
    default_branch: "main",
  };
  return JSON.stringify({
    action: "opened",
    number: 7,
    repository,
    sender: { login: "alice" },
    pull_request: {
      number: 7,
      state: "open",
      title: "A change",
      html_url: "https://github.com/testorg/testrepo/pull/7",
      user: { login: "alice" },
      labels: [],
      base: { ref: "main", sha: baseCommit, repo: repository },
      head: { ref: "change", sha: "c".repeat(40), repo: repository, user: { login: "alice" } },
    },
  });
}
