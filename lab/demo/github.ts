/** What people do at GitHub: repositories, pull requests, webhooks, statuses. */
import type { Person } from "./outside.ts";

export interface PullRequest {
  readonly number: number;
  readonly html_url: string;
  readonly state: string;
  readonly merged: boolean;
  readonly merge_commit_sha?: string;
  readonly labels: readonly { readonly name: string }[];
  readonly head: { readonly sha: string; readonly ref: string };
}

export interface Status {
  readonly context: string;
  readonly state: string;
  readonly target_url: string;
}

const file = (text: string): string => Buffer.from(text).toString("base64");
const signed = (title: string, login: string): string =>
  `${title}\n\nSigned-off-by: ${login} <${login}@users.noreply.github.com>`;

/** Makes a repository with its owners, unless it exists. */
export async function makeRepository(by: Person, name: string): Promise<void> {
  const [owner = "", own = ""] = name.split("/");
  const all = await by.get<readonly { full_name: string }[]>(`/orgs/${owner}/repos`);
  if (all.some(({ full_name }) => full_name === name)) return;
  await by.call("POST", `/orgs/${owner}/repos`, { name: own });
  const files = { OWNERS: "approvers:\n  - bob\nreviewers:\n  - bob\n", "greeting.txt": "nothing yet\n" };
  for (const [at, text] of Object.entries(files)) {
    const message = signed(`Add ${at}`, "alice");
    await by.call("PUT", `/repos/${name}/contents/${at}`, { message, content: file(text) });
  }
}

/** A change that somebody proposes: a branch with a commit, and a pull request. */
export async function propose(
  by: { readonly person: Person; readonly login: string },
  change: { readonly path: string; readonly text: string; readonly title: string; readonly in: string },
): Promise<PullRequest> {
  const name = change.in;
  const { object } = await by.person.get<{ object: { sha: string } }>(`/repos/${name}/git/refs/heads/main`);
  const branch = `change-${Date.now()}`;
  await by.person.call("POST", `/repos/${name}/git/refs`, { ref: `refs/heads/${branch}`, sha: object.sha });
  const message = signed(change.title, by.login);
  await by.person.call("PUT", `/repos/${name}/contents/${change.path}`, {
    message,
    branch,
    content: file(change.text),
  });
  return by.person.call("POST", `/repos/${name}/pulls`, { title: change.title, head: branch, base: "main", body: "" });
}

/** Newest status of a context at a commit. */
export async function statusOf(by: Person, sha: string, context: string, name: string): Promise<Status | undefined> {
  const { statuses } = await by.get<{ statuses: readonly Status[] }>(`/repos/${name}/commits/${sha}/status`);
  return statuses.find((one) => one.context === context);
}

/** Registers a webhook, as the organisation's owner does, unless it is there. @returns its number */
export async function webhook(owner: Person, organisation: string, url: string, secret: string): Promise<number> {
  const hooks = await owner.get<readonly { id: number; config: { url: string } }[]>(`/orgs/${organisation}/hooks`);
  const there = hooks.find(({ config }) => config.url === url);
  if (there !== undefined) return there.id;
  const config = { url, secret, content_type: "json" };
  return (await owner.call<{ id: number }>("POST", `/orgs/${organisation}/hooks`, { name: "web", config })).id;
}

/** An organisation's webhook, as one of its owners sees it. */
export interface OwnersHook {
  readonly owner: Person;
  readonly organisation: string;
  readonly hook: number;
}

/** A delivery to an organisation's webhook, as GitHub lists it. */
export interface Delivery {
  readonly id: number;
  readonly guid: string;
  readonly event: string;
  readonly status_code: number;
}

const deliveriesPath = ({ organisation, hook }: OwnersHook): string => `/orgs/${organisation}/hooks/${hook}/deliveries`;

/** Deliveries to a webhook, newest first. */
export const deliveriesOf = (hook: OwnersHook): Promise<readonly Delivery[]> => hook.owner.get(deliveriesPath(hook));

/** GitHub sends an event again, as its page offers. */
export const redeliver = (hook: OwnersHook, id: number): Promise<unknown> =>
  hook.owner.call("POST", `${deliveriesPath(hook)}/${id}/attempts`);

/** Newest attempts of the deliveries whose payload has a text in it, oldest first. */
export async function deliveriesAbout(
  hook: OwnersHook,
  text: string,
  events: readonly string[],
): Promise<readonly Delivery[]> {
  const newest = new Map<string, Delivery>();
  for (const one of await deliveriesOf(hook)) {
    if (events.includes(one.event) && !newest.has(one.guid)) newest.set(one.guid, one);
  }
  const found: Delivery[] = [];
  for (const one of newest.values()) {
    const { request } = await hook.owner.get<{ request: { payload: object } }>(`${deliveriesPath(hook)}/${one.id}`);
    if (JSON.stringify(request.payload).includes(text)) found.unshift(one);
  }
  return found;
}
