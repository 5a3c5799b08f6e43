/** How a part of GitHub's REST interface is declared: `GET /repos/:owner/:repo/labels` and what answers it. */
import type { Events } from "./webhooks.ts";
import type { Issue, Pull, Repository, World } from "./state.ts";

/** A request after its route was found. */
export interface Call {
  readonly world: World;
  readonly events: Events;
  /** Who asks. */
  readonly user: string;
  /** The parts of the path that begin with a colon; `*` is the rest of it. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

export type Handler = (call: Call) => Reply | Promise<Reply>;
export type Routes = Readonly<Record<string, Handler>>;

/** An answer other than success. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const created = (body: unknown): Reply => ({ status: 201, body });
export const nothing: Reply = { status: 204 };
export const missing = (what: string): Refusal => new Refusal(404, `${what} not found`);

/** The handler of a request and the parts of its path; undefined if there is none. */
export function routeOf(
  routes: Routes,
  method: string,
  pathname: string,
): { readonly handler: Handler; readonly path: Readonly<Record<string, string>> } | undefined {
  for (const [declared, handler] of Object.entries(routes)) {
    const [verb, pattern = ""] = declared.split(" ");
    if (verb !== method) continue;
    const source = pattern.replace(/:(\w+)/g, "(?<$1>[^/]+)").replace("*", "(?<rest>.*)");
    const found = new RegExp(`^${source}/?$`).exec(pathname);
    if (found === null) continue;
    const parts = Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    return { handler, path: Object.fromEntries(parts) as Record<string, string> };
  }
  return undefined;
}

/** Text of the body. @throws {Refusal} if it is missing */
export function text({ body }: Call, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new Refusal(422, `${name} is missing`);
  return value;
}

/** Text of the body, or what stands for it. */
export function optional({ body }: Call, name: string, fallback = ""): string {
  const value = body[name];
  return typeof value === "string" ? value : fallback;
}

/** Texts of the body; the empty list if there are none. */
export function texts({ body }: Call, name: string): readonly string[] {
  const value = body[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** @throws {Refusal} */
export function repositoryOf({ world, path }: Call): Repository {
  const found = world.repository(path.owner ?? "", path.repo ?? "");
  if (found === undefined) throw missing("repository");
  return found;
}

/** @throws {Refusal} */
export function issueOf(call: Call): Issue {
  const found = repositoryOf(call).issues.get(Number(call.path.number));
  if (found === undefined) throw missing("issue");
  return found;
}

/** @throws {Refusal} */
export function pullOf(call: Call): { readonly issue: Issue; readonly pull: Pull } {
  const issue = issueOf(call);
  if (issue.pull === undefined) throw missing("pull request");
  return { issue, pull: issue.pull };
}
