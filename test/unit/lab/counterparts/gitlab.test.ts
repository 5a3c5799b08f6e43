/** The lab's counterpart of GitLab, as its own process: projects, forks, merge requests, pipelines, statuses, webhooks with their tokens. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import { projectDir } from "../../../../config/stackFile.ts";
import { until } from "../../../../lab/demo/until.ts";

interface Delivery {
  readonly event: string | undefined;
  readonly token: string | undefined;
  readonly body: {
    readonly project: { readonly path_with_namespace: string };
    readonly object_attributes: Readonly<Record<string, unknown>>;
    readonly merge_request?: { readonly url: string };
  };
}

interface Merge {
  readonly iid: number;
  readonly sha: string;
  readonly state: string;
}

const id = encodeURIComponent;

describe("the lab's counterpart of GitLab", () => {
  let folder: string;
  let program: ChildProcess;
  let receiver: Server;
  let port: number;
  let fork: number;
  let iid: number;
  const deliveries: Delivery[] = [];

  const ask = (method: string, at: string, body?: unknown, user = "alice"): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/api/v4${at}`, {
      ...{ method, headers: { "private-token": `token-of-${user}` } },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  async function api<T>(method: string, at: string, body?: unknown, user?: string): Promise<T> {
    const answer = await ask(method, at, body, user);
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${at}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  }
  const commit = (project: string | number, branch: string, content: string, user: string): Promise<unknown> =>
    api(
      "POST",
      `/projects/${id(project)}/repository/commits`,
      { branch, start_branch: "c9s", commit_message: "Say", actions: [{ file_path: "a.txt", content }] },
      user,
    );
  const delivered = (
    event: string,
    what: (attributes: Delivery["body"]["object_attributes"]) => boolean,
  ): Promise<Delivery> =>
    until(event, 10, () =>
      Promise.resolve(deliveries.find((one) => one.event === event && what(one.body.object_attributes))),
    );

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "orrery-gitlab-"));
    receiver = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        const { "x-gitlab-event": event, "x-gitlab-token": token } = request.headers;
        deliveries.push({
          event: event?.toString(),
          token: token?.toString(),
          body: JSON.parse(text) as Delivery["body"],
        });
        response.end();
      });
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    ({ port } = probe.address() as AddressInfo);
    probe.close();
    const tokens = { "token-of-alice": "alice", "token-of-bob": "bob" };
    writeFileSync(path.join(folder, "seed.json"), JSON.stringify({ tokens, organisations: { "team/src": ["alice"] } }));
    const env = { SEED: path.join(folder, "seed.json"), GIT_HOME: path.join(folder, "git"), PORT: String(port) };
    program = spawn(process.execPath, [path.join(projectDir, "lab/counterparts/gitlab/server.ts")], {
      env: { PATH: process.env.PATH, HOME: folder, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (program.stdout !== null) await once(program.stdout, "data");
    const group = await api<{ id: number }>("GET", `/groups/${id("team/src")}`);
    await api("POST", "/projects", { path: "hello", namespace_id: group.id, default_branch: "c9s" });
    await commit("team/src/hello", "c9s", "one\n", "alice");
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const events = { merge_requests_events: true, pipeline_events: true };
    await api("POST", `/groups/${id("team/src")}/hooks`, { url, token: "secret", ...events });
  });
  after(() => {
    program.kill();
    receiver.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("a fork's branch becomes a merge request, which the group's webhook receives with its token", async () => {
    ({ id: fork } = await api<{ id: number }>("POST", `/projects/${id("team/src/hello")}/fork`, {}, "bob"));
    await commit(fork, "change", "two\n", "bob");
    const target = await api<{ id: number }>("GET", `/projects/${id("team/src/hello")}`);
    const fields = { title: "Two", description: "Resolves: bz#12", source_branch: "change", target_branch: "c9s" };
    const merge = await api<Merge>(
      "POST",
      `/projects/${fork}/merge_requests`,
      { ...fields, target_project_id: target.id },
      "bob",
    );
    ({ iid } = merge);
    const { token, body } = await delivered("Merge Request Hook", ({ action }) => action === "open");
    assert.equal(token, "secret");
    assert.equal(body.project.path_with_namespace, "team/src/hello");
    assert.deepEqual(body.object_attributes.last_commit, { id: merge.sha });
  });

  it("one more commit is delivered with the one before it, and is known in the target's project", async () => {
    const at = `/projects/${id("team/src/hello")}/merge_requests/${iid}`;
    const { sha } = await api<Merge>("GET", at);
    await commit(fork, "change", "three\n", "bob");
    const { body } = await delivered("Merge Request Hook", ({ action }) => action === "update");
    assert.equal(body.object_attributes.oldrev, sha);
    const { sha: now } = await api<Merge>("GET", at);
    await api("POST", `/projects/${id("team/src/hello")}/statuses/${now}`, { state: "success", context: "check" });
    const address = `/projects/${id("team/src/hello")}/repository/commits/${now}/statuses`;
    const [status] = await api<readonly { name: string; status: string }[]>("GET", address);
    assert.deepEqual([status?.name, status?.status], ["check", "success"]);
  });

  it("the group's owner finds an event on the webhook's page and sends it again", async () => {
    const hooks = `/groups/${id("team/src")}/hooks`;
    const [hook] = await api<readonly { id: number }[]>("GET", hooks);
    const page = `${hooks}/${hook?.id ?? 0}/events`;
    const events = await api<
      readonly { id: number; trigger: string; response_status: string; request_data: Delivery["body"] }[]
    >("GET", page);
    const first = events.find(({ request_data: { object_attributes: about } }) => about.action === "open");
    assert.deepEqual([first?.trigger, first?.response_status], ["merge_request_hooks", "200"]);
    const before = deliveries.filter(({ body }) => body.object_attributes.action === "open");
    const answer = await api<{ response_status: number }>("POST", `${page}/${first?.id ?? 0}/resend`);
    assert.equal(answer.response_status, 200);
    const after = deliveries.filter(({ body }) => body.object_attributes.action === "open");
    assert.equal(after.length, before.length + 1);
    assert.deepEqual(after.at(-1), before.at(-1));
    assert.equal((await ask("GET", page, undefined, "bob")).status, 403);
  });

  it("a pipeline runs in the target's project, and looks for the bug in the description", async () => {
    const at = `/projects/${id("team/src/hello")}/merge_requests/${iid}`;
    await api("POST", `${at}/pipelines`);
    const { body } = await delivered("Pipeline Hook", ({ status }) => status === "success");
    assert.equal(body.object_attributes.detailed_status, "passed");
    assert.equal(body.merge_request?.url, `https://gitlab.com/team/src/hello/-/merge_requests/${iid}`);
    await api("PUT", at, { description: "none" }, "bob");
    await api("POST", `${at}/pipelines`);
    await delivered("Pipeline Hook", ({ status }) => status === "failed");
  });

  it("git clones by HTTP and pushes nothing", async () => {
    const clone = path.join(folder, "clone");
    const run = promisify(execFile);
    await run("git", ["clone", "--quiet", `http://127.0.0.1:${port}/team/src/hello.git`, clone]);
    await assert.rejects(run("git", ["push", "--quiet", "origin", "HEAD:other"], { cwd: clone }), /not found|403/);
  });

  it("strangers may neither change a group's project nor read its confidential issues", async () => {
    const at = `/projects/${id("team/src/hello")}`;
    await api("POST", `${at}/issues`, { title: "Ours", confidential: true });
    assert.deepEqual(await api("GET", `${at}/issues`, undefined, "bob"), []);
    const body = { branch: "c9s", commit_message: "Mine", actions: [] };
    assert.equal((await ask("POST", `${at}/repository/commits`, body, "bob")).status, 403);
    assert.equal((await ask("POST", `/groups/${id("team/src")}/hooks`, { url: "http://mine" }, "bob")).status, 403);
    assert.equal((await ask("GET", at, undefined, "nobody")).status, 401);
  });

  it("closing is delivered, and pages show what happened", async () => {
    await api("PUT", `/projects/${id("team/src/hello")}/merge_requests/${iid}`, { state_event: "close" }, "bob");
    const { body } = await delivered("Merge Request Hook", ({ action }) => action === "close");
    assert.equal(body.object_attributes.state, "closed");
    const text = await (await fetch(`http://127.0.0.1:${port}/team/src/hello/-/merge_requests/${iid}`)).text();
    assert.match(text, /counterpart of GitLab/);
    assert.match(text, /closed/);
    assert.deepEqual(await api("GET", "/lab/unknown"), []);
  });
});
