/** The scripts behind the jobs of GitHub Actions, run as a job runs them, against a server that keeps comments and issues. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, describe, it } from "mocha";
import { projectDir } from "../../config/stackFile.ts";

interface Item {
  readonly id: number;
  readonly number: number;
  readonly user: { readonly login: string };
  body: string;
  title?: string;
  state: string;
}

const bot = "github-actions[bot]";
const marker = "<!-- orrery-review -->";
const title = "## What this changes\n";

/** Comments and issues of one repository, as GitHub's API keeps them: what the scripts ask for, and 404 for the rest. */
class Repository {
  readonly comments = new Map<number, Item>();
  readonly issues = new Map<number, Item>();
  head = "";
  #next = 1;

  put(where: Map<number, Item>, login: string, fields: Partial<Item>): Item {
    const id = this.#next++;
    const item = { id, number: id, user: { login }, body: "", state: "open", ...fields };
    where.set(id, item);
    return item;
  }

  /** Status and body. */
  answer(method: string, url: string, body: Partial<Item>): readonly [number, unknown] {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    const at = pathname.replace("/repos/o/r", "");
    const page = <T>(list: readonly T[]): readonly T[] => {
      const [size, number] = [Number(searchParams.get("per_page")), Number(searchParams.get("page"))];
      return list.slice(size * (number - 1), size * number);
    };
    const id = Number(/\d+$/.exec(at)?.[0]);
    if (method === "GET" && at === "/pulls/7") return [200, { head: { sha: this.head } }];
    if (at === "/issues/7/comments")
      return method === "GET" ? [200, page([...this.comments.values()])] : [201, this.put(this.comments, bot, body)];
    if (/^\/issues\/comments\/\d+$/.test(at)) {
      const found = this.comments.get(id);
      if (found === undefined) return [404, {}];
      if (method === "DELETE") this.comments.delete(id);
      else Object.assign(found, body);
      return [method === "DELETE" ? 204 : 200, found];
    }
    if (at === "/issues" && method === "GET")
      return [
        200,
        page([...this.issues.values()].filter(({ state }) => searchParams.get("state") === "all" || state === "open")),
      ];
    if (at === "/issues") return [201, this.put(this.issues, bot, body)];
    if (method === "PATCH" && this.issues.has(id)) return [200, Object.assign(this.issues.get(id) ?? {}, body)];
    if (/^\/issues\/\d+\/comments$/.test(at)) return [201, {}];
    return [404, { message: "Not Found" }];
  }
}

describe("scripts of the CI jobs", () => {
  let dir: string;
  let server: Server;
  let url: string;
  let repository: Repository;

  before(async () => {
    dir = mkdtempSync(path.join(tmpdir(), "orrery-jobs-"));
    server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        const body = text === "" ? {} : (JSON.parse(text) as Partial<Item>);
        const allowed = request.headers.authorization === "Bearer token";
        const [status, answer] = allowed
          ? repository.answer(request.method ?? "", request.url ?? "", body)
          : [401, { message: "Bad credentials" }];
        response.writeHead(status).end(status === 204 ? undefined : JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    rmSync(dir, { recursive: true });
  });
  beforeEach(() => {
    repository = new Repository();
    repository.head = "abc";
  });

  function script(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<{ code: number; text: string }> {
    return new Promise((resolve) => {
      const env = { GITHUB_API_URL: url, GITHUB_REPOSITORY: "o/r", GITHUB_TOKEN: "token", HEAD_SHA: "abc", ...more };
      const child = spawn(process.execPath, args, { cwd: projectDir, env: { ...process.env, ...env } });
      let text = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
      child.on("close", (code) => {
        resolve({ code: code ?? 1, text });
      });
    });
  }

  const notice =
    "> Made by the code of this pull request: it rendered itself, without permissions and secrets. Main's code compared the renders.";
  function comment(text: string, number = "7"): ReturnType<typeof script> {
    mkdirSync(path.join(dir, "out"), { recursive: true });
    writeFileSync(path.join(dir, "out", "review.md"), text);
    writeFileSync(path.join(dir, "out", "number"), `${number}\n`);
    return script(["ci/comment.ts", path.join(dir, "out")]);
  }
  const bodies = (items: ReadonlyMap<number, Item>): readonly string[] => [...items.values()].map(({ body }) => body);

  it("a review is posted to its pull request, and the next one replaces it", async () => {
    for (let at = 0; at < 120; at++) repository.put(repository.comments, "somebody", { body: `${marker} ${at}` });
    assert.match((await comment(`${title}one`)).text, /review posted/);
    assert.match((await comment(`${title}two`)).text, /review replaced/);
    const own = [...repository.comments.values()].filter(({ user }) => user.login === bot);
    assert.deepEqual(
      own.map(({ body }) => body),
      [`${marker}\n${notice}\n\n${title}two`],
    );
    assert.equal(repository.comments.size, 121, "somebody's comment with the mark is somebody's");
  });

  it("nothing that a pull request's own code printed is trusted", async () => {
    const refused: readonly (readonly [string, string, RegExp])[] = [
      ["hello", "7", /it is not a review/],
      [`${title}${"x".repeat(70_000)}`, "7", /a comment takes 65000/],
      [title, "7; rm -rf /", /does not contain the number of a pull request/],
      [title, "8", /GitHub responded with 404 to GET \/pulls\/8/],
    ];
    for (const [text, number, said] of refused) {
      const { code, text: output } = await comment(text, number);
      assert.equal(code, 1);
      assert.match(output, said);
      assert.doesNotMatch(output, /^ {4}at /m);
    }
    repository.head = "another";
    assert.match((await comment(title)).text, /pull request 7 is no longer at abc/);
    assert.equal(repository.comments.size, 0);
    assert.match((await script(["ci/comment.ts", dir], { GITHUB_TOKEN: "" })).text, /GITHUB_TOKEN is not set/);
  });

  it("drift is kept in one issue: opened, updated, closed", async () => {
    const bin = path.join(dir, "bin");
    mkdirSync(bin);
    // What the engine prints of a preview.
    const preview = (...steps: readonly object[]): void => {
      const text = JSON.stringify({ steps });
      writeFileSync(path.join(bin, "pulumi"), `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`);
      chmodSync(path.join(bin, "pulumi"), 0o755);
    };
    const drift = (...more: readonly string[]): ReturnType<typeof script> =>
      script(["ci/drift.ts", "stage", "prod", ...more], { PATH: `${bin}:${process.env.PATH ?? ""}` });
    const urn = "urn:pulumi:stage::orrery::orrery:thoth:Box$kubernetes:apps/v1:Deployment::web";
    const inputs = { metadata: { name: "web", namespace: "thoth" }, token: "secret value" };
    const step = { op: "update", urn, newState: { inputs }, diffReasons: ["spec"] };
    preview(step, { op: "same", urn }); // what the refresh found changes nothing of what is declared
    assert.deepEqual(await drift("--dry-run"), { code: 0, text: "no drift\n" });
    assert.match((await drift()).text, /there is no issue/);
    preview({ op: "refresh", urn }, step);
    assert.equal((await drift("--dry-run")).code, 3);
    assert.match((await drift()).text, /issue 1 opened/);
    preview(step, { ...step, urn: `${urn}-2` });
    assert.match((await drift()).text, /issue 1 updated/);
    const [issue] = repository.issues.values();
    assert.equal(issue?.title, "Drift: stage, prod are not as declared");
    assert.match(issue.body, /would change 2 resources:\n\n- update `Deployment thoth\/web`: `spec`/);
    assert.doesNotMatch(issue.body, /secret value/);
    preview();
    assert.match((await drift()).text, /issue 1 closed/);
    assert.equal(issue.state, "closed");
    writeFileSync(path.join(bin, "pulumi"), "#!/bin/sh\necho 'error: incorrect passphrase' >&2; exit 255\n");
    assert.match((await drift()).text, /issue 1 opened again/);
    assert.match(bodies(repository.issues)[0] ?? "", /The preview failed: `error: incorrect passphrase`/);
    const leak = "error: clone of https://bot:t0ken@git.test/x failed, token=private-word\n";
    writeFileSync(path.join(bin, "pulumi"), `#!/bin/sh\necho '${leak}' >&2; exit 255\n`);
    assert.match((await drift()).text, /issue 1 updated/);
    const [body = ""] = bodies(repository.issues);
    assert.match(body, /`error: clone of https:\/\/git\.test\/x failed, token=\[redacted\]`/);
    assert.doesNotMatch(body, /t0ken|private-word/);
  });

  it("every public address of a stack is requested", async () => {
    const list = await script(["ci/answers.ts", "--stack", "prod", "--list"]);
    assert.equal(list.code, 0, list.text);
    assert.match(list.text, /^https:\/\/prod\.packit\.dev\/$/m);
    assert.ok(list.text.split("\n").length > 6, list.text);
    // 401 is an answer: what wants a login is there.
    const free = await script(["ci/answers.ts", `${url}/repos/o/r/pulls/7`]);
    assert.deepEqual(free, { code: 0, text: "1 of 1 addresses respond\n" });
    const none = await script(["ci/answers.ts", url, "http://127.0.0.1:1/", "--seconds", "0"]);
    assert.equal(none.code, 1);
    assert.match(none.text, /^http:\/\/127\.0\.0\.1:1\/: .*\n1 of 2 addresses respond$/m);
  });
});
