/**
 * The lab's counterpart of GitHub: REST, GraphQL and git over HTTP for what the programs of the lab ask, webhooks, and pages to look
 * at. It runs in a pod behind the lab's router, which speaks TLS for it. It knows only what is in its memory and its folder.
 */
import { createHash } from "node:crypto";
import { readFileSync, watchFile } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { apps, appLogin } from "./apps.ts";
import { serveGit } from "../forge/git.ts";
import { answered, bodyOf } from "../forge/routes.ts";
import { answer } from "./graphql.ts";
import { issues } from "./issues.ts";
import { page } from "./pages.ts";
import { people } from "./people.ts";
import { moved, repositories } from "./repositories.ts";
import { type Reply, routeOf, type Routes } from "./routes.ts";
import { type Seed, World } from "./state.ts";
import { Events } from "./webhooks.ts";

const seedFile = process.env.SEED ?? "/etc/github/seed.json";
const readSeed = (): Seed => JSON.parse(readFileSync(seedFile, "utf8")) as Seed;
const world = new World(readSeed());
// People of a system that is deployed later.
watchFile(seedFile, { interval: 1000 }, () => {
  world.seed = readSeed();
});
const events = new Events(world);
const routes: Routes = {
  ...people,
  ...apps,
  ...repositories,
  ...issues,
  "GET /lab/unknown": () => ({ status: 200, body: world.unknown }),
};

/** Login of who asks: a token as a bearer's, or as the password of git. */
function loginOf({ headers: { authorization = "" } }: IncomingMessage): string | undefined {
  const [scheme = "", value = ""] = authorization.split(" ");
  if (/^(bearer|token)$/i.test(scheme)) return world.login(value) ?? appLogin(world, value);
  return world.login(Buffer.from(value, "base64").toString().split(":").slice(1).join(":"));
}

async function apiReply(request: IncomingMessage, url: URL): Promise<Reply> {
  const user = loginOf(request);
  if (user === undefined) return { status: 401, body: { message: "Bad credentials" } };
  const method = request.method ?? "GET";
  if (url.pathname === "/graphql") {
    const asked = (await bodyOf(request)) as { readonly query: string };
    try {
      return { status: 200, body: await answer(world, asked) };
    } catch (error) {
      world.unknown.push(`GraphQL: ${String(error)}`);
      return { status: 200, body: { data: null, errors: [{ message: String(error) }] } };
    }
  }
  const found = routeOf(routes, method, url.pathname);
  if (found === undefined) {
    world.unknown.push(`${method} ${url.pathname}`);
    return { status: 404, body: { message: "Not Found" } };
  }
  const { handler, path } = found;
  return answered(async () =>
    handler({
      ...{ world, events, user, path, query: url.searchParams, accept: request.headers.accept ?? "" },
      body: await bodyOf(request),
    }),
  );
}

/** Answers as GitHub does, with a tag by which caches ask again. */
function reply(request: IncomingMessage, response: ServerResponse, { status, body, text: given }: Reply): void {
  const text = given ?? (body === undefined ? "" : JSON.stringify(body));
  const etag = `"${createHash("sha256").update(text).digest("hex").slice(0, 32)}"`;
  const headers = {
    "content-type": given === undefined ? "application/json; charset=utf-8" : "text/plain; charset=utf-8",
    // Caches keep each form of an answer.
    vary: "Accept, Authorization",
    "x-oauth-scopes": "read:user",
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "4999",
    "cache-control": "private, max-age=60, s-maxage=60",
  };
  if (request.method === "GET" && status === 200) {
    const same = request.headers["if-none-match"] === etag;
    response.writeHead(same ? 304 : 200, { ...headers, etag });
    response.end(same ? undefined : text);
    return;
  }
  response.writeHead(status, headers);
  response.end(text);
}

/** git's own protocol; what a push moves is told. */
async function git(request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean> {
  const [, owner = "", name = "", rest = ""] =
    /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(url.pathname) ?? [];
  const repository = world.repository(owner, name);
  if (repository === undefined) return false;
  const user = loginOf(request);
  const pushes = rest === "git-receive-pack" || url.searchParams.get("service") === "git-receive-pack";
  const member = world.members(owner)?.includes(user ?? "") === true || owner === user;
  if (pushes && !member) {
    response.writeHead(user === undefined ? 401 : 403, { "www-authenticate": 'Basic realm="GitHub"' }).end();
    return true;
  }
  const before = await repository.git.refs();
  const target = { fullName: `${repository.owner}/${repository.name}`, rest, query: url.search.slice(1) };
  await serveGit(request, response, target, pushes ? user : undefined);
  if (rest !== "git-receive-pack" || user === undefined) return true;
  const after = await repository.git.refs();
  for (const ref of new Set([...before.keys(), ...after.keys()])) {
    if (!ref.startsWith("refs/heads/") || before.get(ref) === after.get(ref)) continue;
    await moved({ world, events, user }, repository, ref, before.get(ref), after.get(ref));
  }
  return true;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const host = request.headers.host ?? "github.com";
  const url = new URL(request.url ?? "/", `https://${host}`);
  if (url.pathname === "/healthz") response.end("ok");
  else if (host.startsWith("api.")) reply(request, response, await apiReply(request, url));
  else if (host.startsWith("raw.")) {
    const [owner = "", name = "", branch = "", ...file] = url.pathname.slice(1).split("/");
    const content = await world.repository(owner, name)?.git.file(branch, file.join("/"));
    response.writeHead(content === undefined ? 404 : 200, { "content-type": "text/plain; charset=utf-8" });
    response.end(content ?? "404: Not Found");
  } else if (!(await git(request, response, url))) {
    const html = await page(world, url.pathname);
    response.writeHead(html === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8" });
    response.end(html ?? "not found");
  }
}

createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    console.error(
      `${request.method ?? ""} ${request.url ?? ""}: ${error instanceof Error ? (error.stack ?? "") : String(error)}`,
    );
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
}).listen(Number(process.env.PORT ?? 8080), () => {
  console.log("counterpart of GitHub in the lab; it is not GitHub");
});
