/** Objects of the state as GitLab's REST interface and its webhooks show them; the fields are those that its clients here read. */
import type { Delivery, Hook, Issue, MergeRequest, Note, Project, Status } from "./state.ts";
import { mergeRequestUrl, nameOf, namespaceOf, urlOf } from "./state.ts";

export const userJson = (username: string) => ({
  // Stable and of its own, as clients compare ids.
  id: Buffer.from(username).reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7),
  username,
  name: username,
});

const namespaceJson = (path: string) => ({ full_path: path, path: nameOf(path) });
const ssh = ({ path }: Project): string => `git@gitlab.com:${path}.git`;

export const projectJson = (project: Project) => ({
  id: project.id,
  name: nameOf(project.path),
  path: nameOf(project.path),
  path_with_namespace: project.path,
  namespace: namespaceJson(namespaceOf(project.path)),
  description: "",
  visibility: "public",
  default_branch: project.branch,
  issues_enabled: true,
  web_url: urlOf(project),
  http_url_to_repo: `${urlOf(project)}.git`,
  ssh_url_to_repo: ssh(project),
  ...(project.parent === undefined ? {} : { forked_from_project: parentJson(project.parent) }),
});

const parentJson = ({ id, path }: Project) => ({
  ...{ id, path: nameOf(path), namespace: namespaceJson(namespaceOf(path)) },
});

export const mergeRequestJson = (merge: MergeRequest) => ({
  id: merge.id,
  iid: merge.iid,
  project_id: merge.target.id,
  title: merge.title,
  description: merge.description,
  state: merge.state,
  author: userJson(merge.author),
  source_branch: merge.sourceBranch,
  target_branch: merge.targetBranch,
  source_project_id: merge.source.id,
  target_project_id: merge.target.id,
  sha: merge.sha,
  labels: [],
  merge_status: "can_be_merged",
  web_url: mergeRequestUrl(merge),
});

export const noteJson = ({ id, author, body, created }: Note) => ({
  ...{ id, body, author: userJson(author) },
  ...{ created_at: created, updated_at: created },
});

export const issueJson = (project: Project, issue: Issue) => ({
  ...issue,
  author: userJson(issue.author),
  state: "opened",
  web_url: `${urlOf(project)}/-/issues/${issue.iid}`,
});

export const statusJson = (status: Status) => ({ ...status, author: userJson(status.author) });

/** Without its token, which GitLab never shows. */
export const hookJson = ({ id, url }: Hook) => ({ id, url });

/** A delivery as a webhook's page of recent events shows it. */
export const deliveryJson = ({ url }: Hook, { id, event, body, status, answer }: Delivery) => ({
  // `merge_request_hooks` for what the header calls `Merge Request Hook`.
  ...{ id, url, trigger: `${event.toLowerCase().replaceAll(" ", "_")}s`, request_data: JSON.parse(body) as unknown },
  ...{ response_status: status === 0 ? "internal error" : String(status), response_body: answer },
});

/** A project as webhooks tell it. */
export const hookedProject = (project: Project) => ({
  id: project.id,
  name: nameOf(project.path),
  web_url: urlOf(project),
  git_http_url: `${urlOf(project)}.git`,
  git_ssh_url: ssh(project),
  http_url: `${urlOf(project)}.git`,
  namespace: nameOf(namespaceOf(project.path)),
  path_with_namespace: project.path,
  default_branch: project.branch,
});
