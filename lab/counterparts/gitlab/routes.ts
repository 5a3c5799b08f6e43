/** What GitLab's REST interface here has in common: a request, and what its path names. */
import { type BodyOf, missing, Refusal, type RoutesOf } from "../forge/routes.ts";
import type { MergeRequest, Project, World } from "./state.ts";
import { namespaceOf } from "./state.ts";
import type { Events } from "./webhooks.ts";

/** A request after its route was found. */
export interface Call extends BodyOf {
  readonly world: World;
  readonly events: Events;
  /** Who asks. */
  readonly user: string;
  /** The parts of the path that begin with a colon. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

export type Routes = RoutesOf<Call>;

/** @throws {Refusal} */
export function projectOf({ world, path }: Call): Project {
  const found = world.project(path.project ?? "");
  // ogr takes a project for absent by these very words.
  if (found === undefined) throw new Refusal(404, "404 Project Not Found");
  return found;
}

/** A project that who asks may change. @throws {Refusal} */
export function ownProject(call: Call): Project {
  const found = projectOf(call);
  if (!call.world.owns(call.user, namespaceOf(found.path))) throw new Refusal(403, "403 Forbidden");
  return found;
}

/** @throws {Refusal} */
export async function mergeRequestOf(call: Call): Promise<MergeRequest> {
  const found = projectOf(call).mergeRequests.find(({ iid }) => String(iid) === call.path.iid);
  if (found === undefined) throw missing("merge request");
  return call.world.refreshed(found);
}

/** The group, if who asks is its member. @throws {Refusal} */
export function groupOf({ world, path, user }: Call): { readonly id: number; readonly path: string } {
  const found = world.group(path.group ?? "");
  if (found === undefined) throw missing("group");
  if (!world.owns(user, found.path)) throw new Refusal(403, "403 Forbidden");
  return found;
}
