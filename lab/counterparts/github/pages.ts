/** Pages to look at: repositories, a pull request with all that happened to it, deliveries of webhooks. */
import { chip, comment, escape, frameOf, link, table } from "../forge/html.ts";
import { addressOf } from "./json.ts";
import { fullName, type Issue, type Repository, type World } from "./state.ts";

const frame = frameOf("GitHub", { Repositories: "/", Webhooks: "/lab/deliveries" });
const stateOf = ({ state, pull }: Issue): string => (pull?.merged === undefined ? state : "merged");

async function issuePage(world: World, repository: Repository, issue: Issue): Promise<string> {
  const { pull } = issue;
  const commit = pull?.head.sha ?? "";
  const statuses = world
    .statuses(repository, commit)
    .map(({ context, state, description, target_url }) => [
      ...[chip(state, state === "success" ? "open" : ""), escape(context), escape(description)],
      target_url === "" ? "" : link(target_url, "Details"),
    ]);
  const comments = issue.comments.map(({ user, body }) => comment(user, body));
  const reviews = (pull?.reviews ?? []).map(({ user, state, body }) =>
    comment(user, body, chip(state.toLowerCase().replace("_", " "))),
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
  const [owner, name, kind, ...rest] = pathname.split("/").filter(Boolean);
  if (owner === undefined) {
    const rows = [...world.repositories.values()].map((one) => [link(`/${fullName(one)}`, fullName(one))]);
    return frame("Repositories", table(rows));
  }
  const repository = world.repository(owner, name ?? "");
  if (repository === undefined) return undefined;
  if (kind === "tree") {
    const branch = `refs/heads/${rest.join("/")}`;
    return (await repository.git.resolve(branch)) === undefined ? undefined : repositoryPage(repository);
  }
  const issue = repository.issues.get(Number(rest[0]));
  return issue === undefined ? repositoryPage(repository) : issuePage(world, repository, issue);
}
