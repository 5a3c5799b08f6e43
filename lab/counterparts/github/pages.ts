/** Pages to look at: repositories, a pull request with all that happened to it, deliveries of webhooks. */
import { addressOf } from "./json.ts";
import { fullName, type Issue, type Repository, type World } from "./state.ts";

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign] ?? "&quot;");

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:920px;margin:0 auto;padding:24px;color:#1f2328}
header{display:flex;gap:16px;border-bottom:1px solid #d1d9e0;padding-bottom:8px;margin-bottom:16px}header b{flex:1}
a{color:#0969da;text-decoration:none}h1{font-size:24px;font-weight:500}.chip{border-radius:12px;padding:2px 10px;font-size:12px;background:#ddf4ff}
.open{background:#1a7f37;color:#fff}.merged{background:#8250df;color:#fff}.closed{background:#cf222e;color:#fff}
.comment{border:1px solid #d1d9e0;border-radius:6px;margin:12px 0}.comment p{margin:0;padding:6px 12px;background:#f6f8fa;border-bottom:1px solid #d1d9e0}
pre{white-space:pre-wrap;margin:0;padding:12px;font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}td{padding:4px 8px;border-bottom:1px solid #eaeef2;vertical-align:top}`;

const frame = (title: string, content: string): string => `<!doctype html><html lang="en"><meta charset="utf-8">
<title>${escape(title)}</title><style>${style}</style>
<header><b>The lab's counterpart of GitHub</b><a href="/">Repositories</a><a href="/lab/deliveries">Webhooks</a></header>
<h1>${escape(title)}</h1>${content}</html>`;

const chip = (text: string, kind = ""): string => `<span class="chip ${kind}">${escape(text)}</span>`;
const stateOf = ({ state, pull }: Issue): string => (pull?.merged === undefined ? state : "merged");

function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`);
  return `<table>${cells.join("")}</table>`;
}

const link = (href: string, text: string): string => `<a href="${escape(href)}">${escape(text)}</a>`;

async function issuePage(world: World, repository: Repository, issue: Issue): Promise<string> {
  const { pull } = issue;
  const commit = pull?.head.sha ?? "";
  const statuses = world
    .statuses(repository, commit)
    .map(({ context, state, description, target_url }) => [
      ...[chip(state, state === "success" ? "open" : ""), escape(context), escape(description)],
      target_url === "" ? "" : link(target_url, "Details"),
    ]);
  const comments = issue.comments.map(
    ({ user, body }) => `<div class="comment"><p><b>${escape(user)}</b></p><pre>${escape(body)}</pre></div>`,
  );
  const reviews = (pull?.reviews ?? []).map(
    ({ user, state, body }) =>
      `<div class="comment"><p><b>${escape(user)}</b> ${chip(state.toLowerCase().replace("_", " "))}</p><pre>${escape(body)}</pre></div>`,
  );
  const merged =
    pull?.merged === undefined
      ? ""
      : `<p>${escape(pull.merged.by)} merged it as <code>${pull.merged.sha.slice(0, 12)}</code>.</p>`;
  const branches = pull === undefined ? "" : `${escape(pull.head.ref)} → ${escape(pull.base)}`;
  const content = [
    `<p>${chip(stateOf(issue), stateOf(issue))} ${escape(issue.user)} ${branches} ${issue.labels.map((name) => chip(name)).join(" ")}</p>`,
    ...[merged, table(statuses), ...comments, ...reviews],
  ];
  return Promise.resolve(frame(`${issue.title} #${issue.number}`, content.join("")));
}

async function repositoryPage(repository: Repository): Promise<string> {
  const rows = [...repository.issues.values()]
    .toReversed()
    .map((issue) => [
      chip(stateOf(issue), stateOf(issue)),
      link(addressOf(repository, issue), `#${issue.number} ${issue.title}`),
    ]);
  const log = await repository.git
    .run(["log", "--format=%h %an: %s", "-20", repository.branch])
    .catch(() => "no commit yet");
  return frame(fullName(repository), `${table(rows)}<h2>${escape(repository.branch)}</h2><pre>${escape(log)}</pre>`);
}

function deliveriesPage(world: World): string {
  const rows = world.allHooks.flatMap(({ url, deliveries }) =>
    deliveries
      .toReversed()
      .map(({ at, event, action, status, redelivery }) => [
        ...[at, `${event} ${action}`, String(status), redelivery ? "again" : ""].map(escape),
        escape(url),
      ]),
  );
  return frame("Deliveries of webhooks", table(rows));
}

/** The page of a path; undefined if there is none. */
export async function page(world: World, pathname: string): Promise<string | undefined> {
  if (pathname === "/lab/deliveries") return deliveriesPage(world);
  const [owner, name, , number] = pathname.split("/").filter(Boolean);
  if (owner === undefined) {
    const rows = [...world.repositories.values()].map((one) => [link(`/${fullName(one)}`, fullName(one))]);
    return frame("Repositories", table(rows));
  }
  const repository = world.repository(owner, name ?? "");
  if (repository === undefined) return undefined;
  const issue = repository.issues.get(Number(number));
  return issue === undefined ? repositoryPage(repository) : issuePage(world, repository, issue);
}
