/** Pages to look at: projects, a merge request with all that happened to it, deliveries of webhooks. */
import { chip, comment, escape, frameOf, link, table } from "../forge/html.ts";
import { type MergeRequest, mergeRequestUrl, type Project, type World } from "./state.ts";

const frame = frameOf("GitLab", { Projects: "/", Webhooks: "/lab/deliveries" });
const stateChip = (state: string): string =>
  chip(state, { opened: "open", success: "open", failed: "closed" }[state] ?? state);

async function mergeRequestPage(world: World, found: MergeRequest): Promise<string> {
  const merge = await world.refreshed(found);
  const { title, iid, state, author, description, source, sourceBranch, targetBranch, target, sha } = merge;
  const statuses = world
    .statuses(target, sha)
    .map((one) => [stateChip(one.status), escape(one.name), escape(one.description), link(one.target_url, "Details")]);
  const notes = merge.notes.map((note) => comment(note.author, note.body));
  const branches = `${escape(source.path)}:${escape(sourceBranch)} → ${escape(targetBranch)}`;
  const content = [
    `<p>${stateChip(state)} ${escape(author)} ${branches}, <code>${sha.slice(0, 12)}</code></p>`,
    ...[table(statuses), comment(author, description), ...notes],
  ];
  return frame(`${title} !${iid}`, content.join(""));
}

function projectPage(project: Project): string {
  const rows = project.mergeRequests
    .toReversed()
    .map((merge) => [stateChip(merge.state), link(mergeRequestUrl(merge), `!${merge.iid} ${merge.title}`)]);
  return frame(project.path, table(rows));
}

function deliveriesPage({ hooks }: World): string {
  const rows = hooks.flatMap(({ group, url, deliveries }) =>
    deliveries
      .toReversed()
      .map(({ at, event, status, answer }) => [at, group, event, String(status), answer, url].map(escape)),
  );
  return frame("Deliveries of webhooks", table(rows));
}

/** The page of a path; undefined if there is none. */
export async function page(world: World, pathname: string): Promise<string | undefined> {
  if (pathname === "/lab/deliveries") return deliveriesPage(world);
  if (pathname === "/") return frame("Projects", table(world.projects.map(({ path }) => [link(`/${path}`, path)])));
  const [path = "", rest] = pathname.slice(1).split("/-/");
  const project = world.project(path);
  if (project === undefined || rest === undefined) return project === undefined ? undefined : projectPage(project);
  const merge = project.mergeRequests.find(({ iid }) => rest === `merge_requests/${iid}`);
  return merge === undefined ? undefined : mergeRequestPage(world, merge);
}
