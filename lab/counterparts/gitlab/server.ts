/**
 * The lab's counterpart of GitLab: its REST interface for what the programs of the lab ask, git over HTTP to read, webhooks, and pages
 * to look at. Pushes come by SSH. It ends TLS itself, as its port 22 has it at an address of its own.
 */
import { readFileSync } from "node:fs";
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { serveGit } from "../forge/git.ts";
import { answered, bodyOf, type Reply, routeOf } from "../forge/routes.ts";
import { mergeRequests } from "./mergeRequests.ts";
import { page } from "./pages.ts";
import { projects } from "./projects.ts";
import type { Routes } from "./routes.ts";
import { type Seed, World } from "./state.ts";
import { Events } from "./webhooks.ts";

const world = new World(JSON.parse(readFileSync(process.env.SEED ?? "/etc/gitlab/seed.json", "utf8")) as Seed);
const events = new Events(world);
const routes: Routes = {
  ...projects,
  ...mergeRequests,
  "GET /lab/unknown": () => ({ status: 200, body: world.unknown }),
};
const prefix = "/api/v4";

/** Username of a token: GitLab's own header, or a bearer's. */
function userOf({ headers }: IncomingMessage): string | undefined {
  const own = headers["private-token"];
  return world.seed.tokens[typeof own === "string" ? own : (headers.authorization ?? "").replace(/^bearer /i, "")];
}

async function apiReply(request: IncomingMessage, url: URL): Promise<Reply> {
  const user = userOf(request);
  if (user === undefined) return { status: 401, body: { message: "401 Unauthorized" } };
  const { method = "GET" } = request;
  const found = routeOf(routes, method, url.pathname.slice(prefix.length));
  if (found === undefined) {
    world.unknown.push(`${method} ${url.pathname}`);
    return { status: 404, body: { message: "404 Not Found" } };
  }
  const { handler, path } = found;
  return answered(async () =>
    handler({ world, events, user, path, query: url.searchParams, body: await bodyOf(request) }),
  );
}

/** git's own protocol, for those who read. */
async function git(request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean> {
  const [, path = "", rest = ""] = /^\/(.+?)(?:\.git)?\/(info\/refs|git-upload-pack)$/.exec(url.pathname) ?? [];
  if (world.project(path) === undefined || url.searchParams.get("service") === "git-receive-pack") return false;
  await serveGit(request, response, { fullName: path, rest, query: url.search.slice(1) }, undefined);
  return true;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "https://gitlab.com");
  if (url.pathname === "/healthz") response.end("ok");
  else if (url.pathname.startsWith(`${prefix}/`)) {
    const { status, body } = await apiReply(request, url);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  } else if (!(await git(request, response, url))) {
    const html = await page(world, url.pathname);
    response.writeHead(html === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" });
    response.end(html ?? "not found");
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  serve(request, response).catch((error: unknown) => {
    console.error(
      `${request.method ?? ""} ${request.url ?? ""}: ${error instanceof Error ? (error.stack ?? "") : String(error)}`,
    );
    if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
    response.end(JSON.stringify({ message: "500 Internal Server Error" }));
  });
}

const { CERTIFICATE: file, PORT: port = "443" } = process.env;
const both = file === undefined ? undefined : readFileSync(file);
const server = both === undefined ? createPlain(answer) : createServer({ cert: both, key: both }, answer);
server.listen(Number(port), () => {
  console.log("counterpart of GitLab in the lab; it is not GitLab");
});
