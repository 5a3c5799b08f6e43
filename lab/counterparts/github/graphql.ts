/** GitHub's GraphQL interface: the fields that Prow's programs select, and nothing that they did not ask for, as their reader refuses it. */
import type { Commit } from "../forge/git.ts";
import { addressOf } from "./json.ts";
import { type Found, search } from "./search.ts";
import { fullName, type World } from "./state.ts";

/** A selected field with its arguments, or a fragment on a type. */
interface Selection {
  readonly name: string;
  readonly alias: string;
  readonly onType?: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly fields: readonly Selection[];
}

/** A value of the graph; functions are asked with the field's arguments, when the field is selected. */
type Value = string | number | boolean | null | undefined | readonly Value[] | Node | Resolver;
type Resolver = (args: Readonly<Record<string, unknown>>) => Value | Promise<Value>;
interface Node {
  readonly [field: string]: Value;
}

/** Reads a document with one operation. @throws where it is no GraphQL that is known here */
function parse(text: string, variables: Readonly<Record<string, unknown>>): readonly Selection[] {
  const tokens = text.match(/\.\.\.|"(?:\\.|[^"\\])*"|[A-Za-z_]\w*|-?\d+|[{}():$![\]=@]/g) ?? [];
  let at = 0;
  const next = (): string => tokens[at++] ?? "";
  const is = (token: string): boolean => tokens[at] === token && (at++, true);
  const expect = (token: string): void => {
    if (!is(token)) throw new Error(`the query has ${tokens[at] ?? "an end"} where ${token} is expected`);
  };
  const value = (): unknown => {
    const token = next();
    if (token === "$") return variables[next()];
    if (token.startsWith('"')) return JSON.parse(token) as unknown;
    return /^-?\d+$/.test(token) ? Number(token) : token;
  };
  const selections = (): Selection[] => {
    const found: Selection[] = [];
    expect("{");
    while (!is("}")) found.push(selection());
    return found;
  };
  const selection = (): Selection => {
    if (is("...")) {
      expect("on");
      const onType = next();
      return { name: "", alias: "", onType, args: {}, fields: selections() };
    }
    const first = next();
    const name = is(":") ? next() : first;
    const args: Record<string, unknown> = {};
    if (is("(")) {
      while (!is(")")) {
        const key = next();
        expect(":");
        args[key] = value();
      }
    }
    return { name, alias: first, args, fields: tokens[at] === "{" ? selections() : [] };
  };
  if (is("query")) while (at < tokens.length && tokens[at] !== "{") at++;
  if (tokens[at] !== "{") throw new Error("only queries are known");
  return selections();
}

async function project(source: Value, fields: readonly Selection[], at: string): Promise<unknown> {
  if (Array.isArray(source)) return Promise.all((source as readonly Value[]).map((one) => project(one, fields, at)));
  if (source === null || source === undefined) return null;
  if (typeof source !== "object") return source;
  const node = source as Node;
  const out: Record<string, unknown> = {};
  for (const { name, alias, onType, args, fields: inner } of fields) {
    if (onType !== undefined) {
      if (node.__typename === onType) Object.assign(out, await project(node, inner, at));
      continue;
    }
    if (!(name in node)) throw new Error(`the graph has no field ${at}.${name}`);
    const given = node[name];
    out[alias] = await project(typeof given === "function" ? await given(args) : given, inner, `${at}.${name}`);
  }
  return out;
}

const list = (nodes: readonly Value[]): Node => ({
  nodes,
  totalCount: nodes.length,
  pageInfo: { hasNextPage: false, endCursor: null },
});

/** Answers a request's body. @throws for what is not known */
export async function answer(
  world: World,
  { query, variables = {} }: { readonly query: string; readonly variables?: Readonly<Record<string, unknown>> },
): Promise<object> {
  const root: Node = {
    __typename: "Query",
    rateLimit: { cost: 1, remaining: 4999, limit: 5000 },
    search: ({ query: words }) => {
      const found = search(world, String(words)).map((one) => issueNode(world, one));
      return { ...list(found), issueCount: found.length };
    },
    user: ({ login }) => ({
      __typename: "User",
      login: String(login),
      status: { indicatesLimitedAvailability: false },
    }),
  };
  return { data: await project(root, parse(query, variables), "query") };
}

function issueNode(world: World, { repository, issue }: Found): Node {
  const { pull, number, title, body, updated, created, user, labels, state } = issue;
  const common = {
    ...{ number, title, body, updatedAt: updated, createdAt: created, url: addressOf(repository, issue) },
    author: { login: user },
    labels: () => list(labels.map((name) => ({ __typename: "Label", name }))),
    milestone: null,
    repository: { name: repository.name, nameWithOwner: fullName(repository), owner: { login: repository.owner } },
  };
  if (pull === undefined) return { __typename: "Issue", ...common, state: state.toUpperCase() };
  const base = `refs/heads/${pull.base}`;
  const merges = async (): Promise<string | undefined> => {
    const sha = await repository.git.resolve(base);
    return sha === undefined ? undefined : repository.git.mergeTree(sha, pull.head.sha);
  };
  return {
    __typename: "PullRequest",
    ...common,
    state: pull.merged === undefined ? state.toUpperCase() : "MERGED",
    isDraft: pull.draft,
    merged: pull.merged !== undefined,
    baseRef: { name: pull.base, prefix: "refs/heads/" },
    baseRefName: pull.base,
    headRefName: pull.head.ref,
    headRefOid: pull.head.sha,
    mergeable: async () => ((await merges()) === undefined ? "CONFLICTING" : "MERGEABLE"),
    canBeRebased: false,
    reviewDecision: null,
    commits: async ({ last }) => {
      const all = await repository.git.commits(base, pull.head.sha);
      const wanted = typeof last === "number" ? all.slice(-last) : all;
      return list(wanted.map((commit) => ({ commit: commitNode(world, { repository, issue }, commit) })));
    },
  };
}

function commitNode(world: World, { repository }: Found, { sha, message }: Commit): Node {
  const contexts = world.statuses(repository, sha).map(({ context, description, state, target_url }) => ({
    ...{ __typename: "StatusContext", context, description, targetUrl: target_url },
    state: state.toUpperCase(),
  }));
  return {
    ...{ oid: sha, message },
    status: contexts.length === 0 ? null : { contexts },
    // Check runs are not known here.
    statusCheckRollup: { contexts: () => list(contexts) },
  };
}
