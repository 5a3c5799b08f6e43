/** The lab's counterpart of GitHub, as its own process: git's protocol with Debian's git, REST, the queries of Prow's programs, webhooks. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import { projectDir } from "../../../../config/stackFile.ts";

interface Event {
  readonly name: string;
  readonly signed: boolean;
  readonly body: {
    readonly action?: string;
    readonly label?: { readonly name: string };
    readonly [field: string]: unknown;
  };
}

/** What tide asks, as its library writes it. */
const tideQuery =
  "query($query:String!$searchCursor:String){rateLimit{cost,remaining},search(type: ISSUE, first: 37, after: $searchCursor, query: $query){pageInfo{hasNextPage,endCursor},nodes{... on PullRequest{number,author{login},baseRef{name,prefix},headRefName,headRefOid,mergeable,canBeRebased,repository{name,nameWithOwner,owner{login}},reviewDecision,commits(last: 4){nodes{commit{status{contexts{context,description,state}},oid,statusCheckRollup{contexts(last: 100){nodes{... on CheckRun{name,status,conclusion}}}}}}},labels(first: 100){nodes{name}},milestone{title},body,title,updatedAt}}}}";

describe("the lab's counterpart of GitHub", () => {
  let folder: string;
  let program: ChildProcess;
  let receiver: Server;
  let port: number;
  const events: Event[] = [];
  const ofApp: Event[] = [];
  const secret = "webhook-secret";
  const appKeys = generateKeyPairSync("rsa", { modulusLength: 2048 });

  const ask = (
    method: string,
    at: string,
    body?: unknown,
    token = "token-of-alice",
    more: Readonly<Record<string, string>> = {},
  ) =>
    new Promise<{ status: number; body: string; etag: string | undefined }>((resolve, reject) => {
      const headers = { host: "api.github.com", authorization: `Bearer ${token}`, ...more };
      const call = httpRequest({ host: "127.0.0.1", port, method, path: at, headers }, (incoming) => {
        let text = "";
        incoming.on("data", (chunk: Buffer) => (text += chunk.toString()));
        incoming.on("end", () => {
          resolve({ status: incoming.statusCode ?? 0, body: text, etag: incoming.headers.etag });
        });
      });
      call.on("error", reject);
      call.end(body === undefined ? undefined : JSON.stringify(body));
    });
  async function api<T>(method: string, at: string, body?: unknown, token?: string): Promise<T> {
    const answer = await ask(method, at, body, token);
    assert.ok(answer.status < 300, `${method} ${at}: ${answer.status} ${answer.body}`);
    return (answer.body === "" ? undefined : JSON.parse(answer.body)) as T;
  }
  const git = async (cwd: string, ...args: string[]): Promise<string> => {
    const identity = ["-c", "user.name=alice", "-c", "user.email=alice@example.org"];
    return (await promisify(execFile)("git", [...identity, ...args], { cwd })).stdout;
  };
  const told = async (name: string, action?: string): Promise<Event> => {
    for (let tries = 0; tries < 200; tries++) {
      const found = events.findLast(
        (event) => event.name === name && (action === undefined || event.body.action === action),
      );
      if (found !== undefined) return found;
      await sleep(20);
    }
    throw new Error(`no event ${name} ${action ?? ""}; there were ${events.map((one) => one.name).join(", ")}`);
  };

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "orrery-github-"));
    receiver = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        const signature = `sha1=${createHmac("sha1", secret).update(text).digest("hex")}`;
        const name = String(request.headers["x-github-event"]);
        const signed = request.headers["x-hub-signature"] === signature;
        const of = request.url === "/app" ? ofApp : events;
        of.push({ name, signed, body: JSON.parse(text) as Event["body"] });
        response.end();
      });
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    ({ port } = probe.address() as AddressInfo);
    probe.close();
    const tokens = { "token-of-alice": "alice", "token-of-robot": "robot" };
    const publicKey = appKeys.publicKey.export({ type: "spki", format: "pem" });
    const receiverPort = (receiver.address() as AddressInfo).port;
    const webhook = { url: `http://127.0.0.1:${receiverPort}/app`, secret };
    const app = { id: 7, slug: "packer", publicKey, organisations: ["org"], webhook };
    writeFileSync(
      path.join(folder, "seed.json"),
      JSON.stringify({ tokens, organisations: { org: ["alice", "robot"] }, apps: [app] }),
    );
    const env = { SEED: path.join(folder, "seed.json"), GIT_HOME: path.join(folder, "git"), PORT: String(port) };
    program = spawn(process.execPath, [path.join(projectDir, "lab/counterparts/github/server.ts")], {
      env: { PATH: process.env.PATH, HOME: folder, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (program.stdout !== null) await once(program.stdout, "data");
    await api("POST", "/orgs/org/repos", { name: "repo" });
    const url = `http://127.0.0.1:${receiverPort}/hook`;
    await api("POST", "/orgs/org/hooks", { config: { url, secret } });
  });
  after(() => {
    program.kill();
    receiver.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("takes a push of a member and refuses one of others", async () => {
    const clone = path.join(folder, "clone");
    const at = (user: string): string => `http://${user}@127.0.0.1:${port}/org/repo.git`;
    await git(folder, "init", "--quiet", "--initial-branch=main", clone);
    writeFileSync(path.join(clone, "a.txt"), "one\n");
    await git(clone, "add", ".");
    await git(clone, "commit", "--quiet", "-m", "First");
    await assert.rejects(git(clone, "push", "--quiet", at("x:nobody"), "main"), /Authentication failed|403/);
    await git(clone, "push", "--quiet", at("alice:token-of-alice"), "main");
    assert.equal((await told("push")).body.ref, "refs/heads/main");
    await git(clone, "checkout", "--quiet", "-b", "change");
    writeFileSync(path.join(clone, "a.txt"), "two\n");
    await git(clone, "commit", "--quiet", "-am", "Second");
    await git(clone, "push", "--quiet", at("alice:token-of-alice"), "change");
  });

  it("opens a pull request, which others clone by its ref, and signs what it tells", async () => {
    const made = await api<{ number: number; mergeable: boolean }>("POST", "/repos/org/repo/pulls", {
      ...{ title: "A change", head: "change", base: "main" },
    });
    assert.deepEqual([made.number, made.mergeable], [1, true]);
    const event = await told("pull_request", "opened");
    assert.equal(event.signed, true);
    const files = await api<readonly { filename: string; status: string; additions: number }[]>(
      "GET",
      "/repos/org/repo/pulls/1/files",
    );
    assert.deepEqual(
      files.map(({ filename, status, additions }) => [filename, status, additions]),
      [["a.txt", "modified", 1]],
    );
    const refs = await git(folder, "ls-remote", `http://127.0.0.1:${port}/org/repo`, "refs/pull/1/head");
    assert.match(refs, /^[0-9a-f]{40}\trefs\/pull\/1\/head$/m);
  });

  it("tells labels and comments, and answers tide's query with the fields that it asks for", async () => {
    await api("POST", "/repos/org/repo/issues/1/comments", { body: "/test all" });
    assert.equal((await told("issue_comment", "created")).signed, true);
    await api("POST", "/repos/org/repo/issues/1/labels", ["lgtm"], "token-of-robot");
    assert.equal((await told("pull_request", "labeled")).body.label?.name, "lgtm");
    const { head } = await api<{ head: { sha: string } }>("GET", "/repos/org/repo/pulls/1");
    await api("POST", `/repos/org/repo/statuses/${head.sha}`, { state: "success", context: "test" }, "token-of-robot");
    const found = async (query: string): Promise<unknown[]> => {
      const { data } = await api<{ data: { search: { nodes: unknown[] } } }>("POST", "/graphql", {
        query: tideQuery,
        variables: { query, searchCursor: null },
      });
      return data.search.nodes;
    };
    const words = 'is:pr state:open archived:false repo:"org/repo" label:"lgtm"';
    assert.deepEqual(await found(`${words} -label:"lgtm"`), []);
    const [node = {}] = (await found(words)) as readonly (Readonly<Record<string, unknown>> | undefined)[];
    assert.equal(node.mergeable, "MERGEABLE");
    assert.equal("isDraft" in node, false, "a field that was not asked for");
    const status = { contexts: [{ context: "test", description: "", state: "SUCCESS" }] };
    // "... on CheckRun" takes nothing of a status.
    assert.deepEqual(node.commits, {
      nodes: [{ commit: { status, oid: head.sha, statusCheckRollup: { contexts: { nodes: [{}] } } } }],
    });
  });

  it("renames and deletes a label wherever it is, by a path with the label's own slash, as Prow asks", async () => {
    const at = "/repos/org/repo";
    await api("POST", `${at}/issues/1/labels`, ["size-S"]);
    await api("PATCH", `${at}/labels/size-S`, { name: "size/S", color: "00ff00", description: "small" });
    const names = async (where: string): Promise<readonly string[]> =>
      (await api<readonly { name: string }[]>("GET", `${at}${where}`)).map(({ name }) => name);
    assert.deepEqual(await names("/issues/1/labels"), ["lgtm", "size/S"]);
    assert.deepEqual(await names("/labels"), ["lgtm", "size/S"]);
    await api("PATCH", `${at}/labels/size/S`, { color: "0000ff" });
    await api("DELETE", `${at}/labels/size/S`);
    assert.deepEqual(await names("/issues/1/labels"), ["lgtm"]);
    assert.deepEqual(await names("/labels"), ["lgtm"]);
  });

  it("has a page of each branch, and none of a branch that does not exist", async () => {
    const page = async (branch: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}/org/repo/tree/${branch}`, { method: "HEAD" })).status;
    assert.deepEqual([await page("change"), await page("release-9")], [200, 404]);
  });

  it("answers a cache that asks again with 304, and strangers with 401", async () => {
    const at = "/repos/org/repo/issues/1/labels";
    const { etag = "" } = await ask("GET", at);
    assert.equal((await ask("GET", at, undefined, undefined, { "if-none-match": etag })).status, 304);
    assert.equal((await ask("GET", "/user", undefined, "nobody")).status, 401);
  });

  it("an App's signed token buys one of its installation, which sets a status; another key buys none", async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const signed = (key: KeyObject, seconds: number, iss = "7"): string => {
      const text = `${part({ alg: "RS256" })}.${part({ iss, exp: Math.floor(Date.now() / 1000) + seconds })}`;
      return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
    };
    const at = "/repos/org/repo/installation";
    const right = signed(appKeys.privateKey, 60);
    const { id } = await api<{ id: number }>("GET", at, undefined, right);
    const tokensAt = `/app/installations/${id}/access_tokens`;
    const { token } = await api<{ token: string }>("POST", tokensAt, undefined, right);
    // As octomachinery asks: all, then the one that an event names.
    const all = await api<readonly { id: number }[]>("GET", "/app/installations", undefined, right);
    assert.deepEqual(all, [await api("GET", `/app/installations/${id}`, undefined, right)]);
    const opened = ofApp.find(({ name }) => name === "pull_request");
    assert.deepEqual([opened?.signed, opened?.body.installation], [true, { id }]);
    assert.equal(events.find(({ name }) => name === "pull_request")?.body.installation, undefined);
    const { privateKey: other, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    for (const wrong of [signed(other, 60), signed(appKeys.privateKey, -60), token]) {
      assert.equal((await ask("POST", tokensAt, undefined, wrong)).status, 401);
    }
    // Another system's App comes later; the tokens of the first one stay good.
    const seed = JSON.parse(readFileSync(path.join(folder, "seed.json"), "utf8")) as {
      readonly apps: readonly object[];
    };
    const pem = publicKey.export({ type: "spki", format: "pem" });
    const apps = [...seed.apps, { id: 8, slug: "later", publicKey: pem, organisations: [] }];
    writeFileSync(path.join(folder, "seed.json"), JSON.stringify({ ...seed, apps }));
    for (let tries = 0; (await ask("GET", "/app", undefined, signed(other, 60, "8"))).status !== 200; tries++) {
      assert.ok(tries < 100, "GitHub does not learn of the App");
      await sleep(50);
    }
    // PyGithub goes on from the addresses in the answers.
    const { url } = await api<{ url: string }>("GET", "/repos/org/repo", undefined, token);
    const commit = `${new URL(url).pathname}/commits/main`;
    const { sha, url: own } = await api<{ sha: string; url: string }>("GET", commit, undefined, token);
    assert.equal(own, `https://api.github.com/repos/org/repo/commits/${sha}`);
    await api("POST", `/repos/org/repo/statuses/${sha}`, { state: "success", context: "packer" }, token);
    const { statuses } = await api<{ statuses: readonly object[] }>("GET", `${new URL(own).pathname}/status`);
    assert.equal(statuses.length, 1);
  });

  it("merges by squashing with git itself, and then refuses to merge again", async () => {
    const { sha } = await api<{ sha: string }>("PUT", "/repos/org/repo/pulls/1/merge", { merge_method: "squash" });
    const clone = path.join(folder, "merged");
    await git(folder, "clone", "--quiet", `http://127.0.0.1:${port}/org/repo`, clone);
    assert.equal((await git(clone, "rev-parse", "HEAD")).trim(), sha);
    assert.equal(await git(clone, "show", "HEAD:a.txt"), "two\n");
    assert.equal((await git(clone, "rev-list", "--count", "HEAD")).trim(), "2");
    assert.equal((await told("pull_request", "closed")).signed, true);
    assert.equal((await ask("PUT", "/repos/org/repo/pulls/1/merge", {})).status, 405);
  });

  it("gives a pull request as a patch to those who want one, which git applies elsewhere, also when it is merged", async () => {
    const headers = { accept: "application/vnd.github.patch" };
    const { status, body } = await ask("GET", "/repos/org/repo/pulls/1", undefined, undefined, headers);
    assert.deepEqual([status, body.startsWith("From ")], [200, true]);
    const [clone, patch] = [path.join(folder, "picked"), path.join(folder, "1.patch")];
    await git(folder, "clone", "--quiet", `http://127.0.0.1:${port}/org/repo`, clone);
    await git(clone, "checkout", "--quiet", "HEAD^");
    writeFileSync(patch, body);
    await git(clone, "am", "--quiet", patch);
    assert.equal(await git(clone, "show", "HEAD:a.txt"), "two\n");
  });

  it("moves a branch, and its pull request with it, but not back without force", async () => {
    const { object } = await api<{ object: { sha: string } }>("GET", "/repos/org/repo/git/refs/heads/main");
    const commits = await api<readonly { parents: readonly { sha: string }[] }[]>("GET", "/repos/org/repo/commits");
    const older = commits[0]?.parents[0]?.sha ?? "";
    await api("POST", "/repos/org/repo/git/refs", { ref: "refs/heads/moving", sha: older });
    const at = "/repos/org/repo/git/refs/heads/moving";
    assert.equal((await ask("PATCH", at, { sha: object.sha })).status, 200);
    assert.equal((await ask("PATCH", at, { sha: older })).status, 422);
    assert.equal((await ask("PATCH", at, { sha: older, force: true })).status, 200);
    assert.equal((await ask("PATCH", "/repos/org/repo/git/refs/heads/none", { sha: older })).status, 422);
  });

  it("notes what it does not know, and shows pages to people", async () => {
    assert.equal((await ask("GET", "/repos/org/repo/traffic/views")).status, 404);
    assert.deepEqual(await api("GET", "/lab/unknown"), ["GET /repos/org/repo/traffic/views"]);
    const review = { event: "APPROVE", body: "Looks right." };
    await api("POST", "/repos/org/repo/pulls/1/reviews", review, "token-of-robot");
    const shown = await ask("GET", "/org/repo/pull/1", undefined, "", { host: "github.com" });
    assert.match(shown.body, /A change #1.*merged.*\/test all.*robot.*approved.*Looks right/s);
    const delivered = await ask("GET", "/lab/deliveries", undefined, "", { host: "github.com" });
    assert.match(delivered.body, /\/hook<.*\/app</s);
  });

  it("another default branch is served raw, and by git to those who name none; one that is not there is refused", async () => {
    await api("POST", "/orgs/org/repos", { name: "raw" });
    const content = Buffer.from("a: 1\n").toString("base64");
    await api("PUT", "/repos/org/raw/contents/etc/a.yaml", { branch: "master", content, message: "Add" });
    assert.equal((await ask("PATCH", "/repos/org/raw", { default_branch: "nowhere" })).status, 422);
    const changed = await api<{ default_branch: string }>("PATCH", "/repos/org/raw", { default_branch: "master" });
    assert.equal(changed.default_branch, "master");
    const host = { host: "raw.githubusercontent.com" };
    const raw = (at: string): ReturnType<typeof ask> => ask("GET", at, undefined, undefined, host);
    assert.deepEqual(await raw("/org/raw/master/etc/a.yaml").then(({ status, body }) => [status, body]), [
      200,
      "a: 1\n",
    ]);
    assert.equal((await raw("/org/raw/master/nothing")).status, 404);
    const at = `http://127.0.0.1:${port}/org/raw.git`;
    const { stdout } = await promisify(execFile)("git", ["ls-remote", "--symref", at, "HEAD"]);
    assert.match(stdout, /refs\/heads\/master\tHEAD/);
  });
});
