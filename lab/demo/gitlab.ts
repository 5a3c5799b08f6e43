/** What people do at GitLab: projects, forks, merge requests, pipelines, webhooks. */
import type { Person } from "./outside.ts";

export const gitlabApi = "https://gitlab.com/api/v4";

export interface MergeRequest {
  readonly iid: number;
  readonly project_id: number;
  readonly title: string;
  readonly description: string;
  readonly state: string;
  readonly sha: string;
  readonly author: { readonly username: string };
  readonly web_url: string;
}

interface Status {
  readonly name: string;
  readonly status: string;
  readonly description: string;
  readonly target_url: string;
}

/** Files of a commit by their paths. */
type Files = Readonly<Record<string, string>>;

const at = (project: string | number): string => `/projects/${encodeURIComponent(project)}`;
const ofMerge = ({ project_id: project, iid }: MergeRequest): string => `${at(project)}/merge_requests/${iid}`;

/** Commits to a branch, which grows from another one if it is new. */
async function commit(
  by: Person,
  project: string | number,
  branch: string,
  files: Files,
  from?: string,
): Promise<void> {
  const actions = Object.entries(files).map(([file_path, content]) => ({ action: "create", file_path, content }));
  const start = from === undefined ? {} : { start_branch: from };
  await by.call("POST", `${at(project)}/repository/commits`, {
    ...{ branch, ...start, actions, commit_message: `Change ${Object.keys(files).join(", ")}` },
  });
}

/** Makes a group's project with the files of a branch, unless it exists. */
export async function makeProject(by: Person, path: string, branch: string, files: Files): Promise<void> {
  const there = await by.get(at(path)).catch(() => undefined);
  if (there !== undefined) return;
  const [group, name] = [path.slice(0, path.lastIndexOf("/")), path.slice(path.lastIndexOf("/") + 1)];
  const { id } = await by.get<{ id: number }>(`/groups/${encodeURIComponent(group)}`);
  await by.call("POST", "/projects", { path: name, namespace_id: id, default_branch: branch });
  await commit(by, path, branch, files);
}

/** A change that somebody proposes from a fork. */
export interface Change {
  readonly to: string;
  /** Of the target. */
  readonly branch: string;
  readonly title: string;
  readonly description: string;
  readonly files: Files;
}

/** Forks the project, unless the person has a fork, and opens a merge request. */
export async function propose(by: Person, { to, branch, title, description, files }: Change): Promise<MergeRequest> {
  const { username } = await by.get<{ username: string }>("/user");
  const forks = await by.get<readonly { id: number; namespace: { full_path: string } }[]>(`${at(to)}/forks`);
  const own = forks.find(({ namespace }) => namespace.full_path === username);
  const fork = own ?? (await by.call<{ id: number }>("POST", `${at(to)}/fork`, {}));
  const source = `change-${Date.now()}`;
  await commit(by, fork.id, source, files, branch);
  const { id } = await by.get<{ id: number }>(at(to));
  return by.call("POST", `${at(fork.id)}/merge_requests`, {
    ...{ title, description, source_branch: source, target_branch: branch, target_project_id: id },
  });
}

/** One more commit in the branch of a merge request. */
export async function amend(by: Person, merge: MergeRequest, files: Files): Promise<void> {
  const { source_project_id: project, source_branch: branch } = await by.get<{
    readonly source_project_id: number;
    readonly source_branch: string;
  }>(ofMerge(merge));
  await commit(by, project, branch, files);
}

export const mergeRequest = (by: Person, merge: MergeRequest): Promise<MergeRequest> => by.get(ofMerge(merge));

export async function close(by: Person, merge: MergeRequest): Promise<void> {
  await by.call("PUT", ofMerge(merge), { state_event: "close" });
}

/** What was said at a merge request. */
export async function notes(by: Person, merge: MergeRequest): Promise<readonly string[]> {
  return (await by.get<readonly { body: string }[]>(`${ofMerge(merge)}/notes`)).map(({ body }) => body);
}

/** Presses "Run pipeline". @returns its number */
export async function runPipeline(by: Person, merge: MergeRequest): Promise<number> {
  return (await by.call<{ id: number }>("POST", `${ofMerge(merge)}/pipelines`)).id;
}

/** Newest statuses at a merge request's commit. */
export const statuses = (by: Person, { project_id: project, sha }: MergeRequest): Promise<readonly Status[]> =>
  by.get(`${at(project)}/repository/commits/${sha}/statuses`);

/** Text of a file at a commit. */
export async function fileOf(by: Person, { project_id: project, sha }: MergeRequest, path: string): Promise<string> {
  const address = `${at(project)}/repository/files/${encodeURIComponent(path)}?ref=${sha}`;
  return Buffer.from((await by.get<{ content: string }>(address)).content, "base64").toString();
}

/** An issue as far as it is read here. */
export interface Issue {
  readonly title: string;
  readonly description: string;
  readonly confidential: boolean;
}

/** Confidential issues of a project, as its owner sees them. */
export const issues = (by: Person, project: string): Promise<readonly Issue[]> =>
  by.get<readonly Issue[]>(`${at(project)}/issues`);

/** Registers a group's webhook, or gives it another secret token. @param token - empty: none is sent */
export async function groupHook(
  owner: Person,
  group: string,
  hook: { readonly url: string; readonly events: readonly string[]; readonly token: string },
): Promise<void> {
  const hooks = `/groups/${encodeURIComponent(group)}/hooks`;
  const there = (await owner.get<readonly { id: number; url: string }[]>(hooks)).find(({ url }) => url === hook.url);
  const { url, token, events } = hook;
  if (there !== undefined) await owner.call("PUT", `${hooks}/${there.id}`, { token });
  else await owner.call("POST", hooks, { url, token, ...Object.fromEntries(events.map((name) => [name, true])) });
}

/** A webhook of a group, and who may look at its page. */
export interface GroupHook {
  readonly owner: Person;
  readonly group: string;
  readonly url: string;
}

/** An event of the webhook's page. */
interface HookEvent {
  readonly id: number;
  readonly request_data: { readonly object_attributes: { readonly url?: string } };
  readonly response_status: string;
}

/**
 * Sends the newest event about a merge request again, as a button of the webhook's page does.
 * @returns how many events the page showed as failed: 1 or 0
 */
export async function resend({ owner, group, url }: GroupHook, mergeUrl: string): Promise<number> {
  const hooks = `/groups/${encodeURIComponent(group)}/hooks`;
  const hook = (await owner.get<readonly { id: number; url: string }[]>(hooks)).find((one) => one.url === url);
  if (hook === undefined) throw new Error(`group ${group} has no webhook for ${url}`);
  const events = await owner.get<readonly HookEvent[]>(`${hooks}/${hook.id}/events`);
  const last = events.find(({ request_data: { object_attributes: about } }) => about.url === mergeUrl);
  if (last === undefined) throw new Error(`GitLab's page has no event about ${mergeUrl}`);
  await owner.call("POST", `${hooks}/${hook.id}/events/${last.id}/resend`);
  return last.response_status.startsWith("2") ? 0 : 1;
}
