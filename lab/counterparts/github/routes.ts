/** How a part of GitHub's REST interface is declared: `GET /repos/:owner/:repo/labels` and what answers it. */
import { type BodyOf, missing, type RoutesOf } from "../forge/routes.ts";
import type { Events } from "./webhooks.ts";
import type { Issue, Pull, Repository, World } from "./state.ts";

export { created, missing, nothing, ok, optional, Refusal, type Reply, routeOf, text, texts } from "../forge/routes.ts";

/** A request after its route was found. */
export interface Call extends BodyOf {
  readonly world: World;
  readonly events: Events;
  /** Who asks. */
  readonly user: string;
  /** The parts of the path that begin with a colon; `*` is the rest of it. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** In which form the client wants the answer. */
  readonly accept: string;
}

export type Routes = RoutesOf<Call>;

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
