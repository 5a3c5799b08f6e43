/** The lab's counterpart of ultrahook.com, as its own process, with a client that talks as the gem does. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, afterEach, before, describe, it } from "mocha";
import { projectDir } from "../../../../config/stackFile.ts";
import { encoded, tunnelOf } from "../../../../lab/counterparts/ultrahook/tunnels.ts";

interface Told {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A client that reads the stream as the gem does: base64 up to an empty line. */
class Client {
  readonly told: Told[] = [];
  ended = false;
  readonly #stream: IncomingMessage;

  constructor(stream: IncomingMessage) {
    this.#stream = stream;
    let kept = "";
    stream.on("data", (chunk: Buffer) => {
      kept += chunk.toString();
      for (let end = kept.indexOf("\n\n"); end >= 0; end = kept.indexOf("\n\n")) {
        this.told.push(JSON.parse(Buffer.from(kept.slice(0, end), "base64").toString()) as Told);
        kept = kept.slice(end + 2);
      }
    });
    stream.on("close", () => (this.ended = true));
  }

  leave(): void {
    this.#stream.destroy();
  }
}

describe("the lab's counterpart of ultrahook.com", () => {
  let folder: string;
  let program: ChildProcess;
  let port: number;
  const clients: Client[] = [];

  const send = (
    method: string,
    host: string,
    at: string,
    body = "",
    headers: Readonly<Record<string, string>> = {},
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const call = request({ host: "127.0.0.1", port, method, path: at, headers: { host, ...headers } }, resolve);
      call.on("error", reject);
      call.end(body);
    });
  async function ask(...words: Parameters<typeof send>): Promise<{ status: number | undefined; body: unknown }> {
    const answer = await send(...words);
    let text = "";
    for await (const chunk of answer) text += String(chunk);
    return { status: answer.statusCode, body: /^[[{]/.test(text) ? (JSON.parse(text) as unknown) : text };
  }
  const introduce = async (key: string, host: string) =>
    (await ask("POST", "www.ultrahook.com", "/init", `key=${key}&host=${host}&version=0.1.5`)).body as Told;
  async function connect(key: string, host: string): Promise<Client> {
    const { url } = await introduce(key, host);
    const { pathname, search } = new URL(String(url));
    const client = new Client(await send("GET", "www.ultrahook.com", `${pathname}${search}`));
    clients.push(client);
    return client;
  }
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (let tries = 0; tries < 200 && !(await holds()); tries++) await sleep(10);
    assert.ok(await holds());
  };
  const connected = async (): Promise<readonly string[]> =>
    (await ask("GET", "www.ultrahook.com", "/lab/tunnels")).body as readonly string[];

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "orrery-ultrahook-"));
    const accounts = path.join(folder, "accounts.json");
    writeFileSync(accounts, JSON.stringify({ "key-of-aicoe": "aicoe" }));
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    ({ port } = probe.address() as AddressInfo);
    probe.close();
    program = spawn(process.execPath, [path.join(projectDir, "lab/counterparts/ultrahook/server.ts")], {
      env: { PATH: process.env.PATH, ACCOUNTS: accounts, PORT: String(port) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (program.stdout !== null) await once(program.stdout, "data");
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.leave();
    await until(async () => (await connected()).length === 0);
  });
  after(() => {
    program.kill();
    rmSync(folder, { recursive: true });
  });

  it("a name has a subdomain and an account", () => {
    assert.equal(tunnelOf("Review-Manager.aicoe.ultrahook.com:80"), "review-manager.aicoe");
    for (const host of ["www.ultrahook.com", "a.b.c.ultrahook.com", "a.b.ultrahook.com.example.org"]) {
      assert.equal(tunnelOf(host), undefined, host);
    }
  });

  it("a message is base64 in lines, and an empty line", () => {
    const text = encoded({ type: "request", body: "x".repeat(100) });
    assert.match(text, /^([A-Za-z0-9+/]{60}\n)+[A-Za-z0-9+/=]{1,60}\n\n$/);
  });

  it("a key that no account has is refused", async () => {
    assert.deepEqual(await introduce("wrong", "webhooks"), { success: false, error: "Invalid API key" });
  });

  it("a POST goes to the client as it was sent; others are refused", async () => {
    const client = await connect("key-of-aicoe", "Webhooks");
    const host = "webhooks.aicoe.ultrahook.com";
    const body = '{"title":"a “quoted” name"}';
    const headers = { "x-github-event": "issues", "x-hub-signature": "sha1=0", "x-forwarded-for": "10.0.0.1" };
    assert.equal((await ask("POST", host, "/github?a=1", body, headers)).status, 200);
    await until(() => client.told.length === 2);
    assert.deepEqual(client.told, [
      { type: "init" },
      {
        ...{ type: "request", body, query: "a=1", path: "/github" },
        headers: { "x-github-event": "issues", "x-hub-signature": "sha1=0" },
      },
    ]);
    assert.equal((await ask("GET", host, "/github")).status, 405);
    assert.deepEqual(await connected(), ["webhooks.aicoe"]);
  });

  it("a second client of a subdomain is turned away, and the first one stays", async () => {
    const first = await connect("key-of-aicoe", "webhooks");
    const second = await connect("key-of-aicoe", "webhooks");
    await until(() => second.ended);
    assert.deepEqual(
      second.told.map(({ type }) => type),
      ["error"],
    );
    assert.equal(first.ended, false);
    assert.deepEqual(await connected(), ["webhooks.aicoe"]);
  });

  it("a stream that is cut ends; until the client is back, the sender is told 200 and the request is lost", async () => {
    const host = "webhooks.aicoe.ultrahook.com";
    const first = await connect("key-of-aicoe", "webhooks");
    assert.equal((await ask("DELETE", "www.ultrahook.com", "/lab/tunnels?name=webhooks.aicoe")).body, "true");
    await until(() => first.ended);
    assert.equal((await ask("POST", host, "/github", "lost")).status, 200);
    const second = await connect("key-of-aicoe", "webhooks");
    assert.equal((await ask("POST", host, "/github", "kept")).status, 200);
    await until(() => second.told.length === 2);
    assert.deepEqual(
      [...first.told, ...second.told].flatMap(({ body }) => body ?? []),
      ["kept"],
    );
  });
});
