/** What Packit's program renders, read by the real nginx and Redis. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { packitSchema } from "../../components/packit/config.ts";
import { keyValueConf } from "../../components/packit/keyValue.ts";
import { nginxConf } from "../../components/packit/nginxConf.ts";
import { sample, sampleCertificate } from "../../config/samples.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { eventually } from "../../lab/harness/cloud.ts";

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("what Packit renders, read by the real programs", function () {
  this.timeout(300_000);
  let dir: string;
  const running: ChildProcess[] = [];

  before(async () => {
    await installPackages(["nginx-light", "redis-server", "redis-tools"], () => undefined);
    dir = mkdtempSync(path.join(tmpdir(), "packit-programs-"));
  });
  after(async () => {
    await Promise.all(running.map(ended));
    rmSync(dir, { recursive: true, force: true });
  });

  function start(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, { cwd: dir, stdio: "ignore" });
    running.push(child);
    return child;
  }

  function ended(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once("exit", () => {
        resolve();
      });
      child.kill("SIGTERM");
    });
  }

  describe("nginx", () => {
    let gateway: Server;
    let seen: string[];
    let port: number;

    before(async () => {
      seen = [];
      gateway = createServer((message, answer) => {
        seen.push(`${message.method ?? ""} ${message.url ?? ""}`);
        answer.end("tasks_total 1\n");
      });
      await new Promise<void>((resolve) => gateway.listen(0, "127.0.0.1", resolve));
      port = await freePort();
      const own = path.join(dir, "nginx");
      mkdirSync(path.join(own, "secrets"), { recursive: true });
      writeFileSync(path.join(own, "secrets", "fullchain.pem"), sampleCertificate("packit", ["localhost"]));
      writeFileSync(path.join(own, "secrets", "privkey.pem"), sample("pem-private-key", "packit"));
      const { port: behind } = gateway.address() as AddressInfo;
      const conf = nginxConf()
        .replaceAll("/tmp/", `${own}/`)
        .replaceAll("/secrets/", `${own}/secrets/`)
        .replace("access_log /dev/stdout", "access_log off")
        .replace("listen 8443", `listen 127.0.0.1:${port}`)
        .replace("http://pushgateway", `http://127.0.0.1:${behind}`);
      writeFileSync(path.join(own, "nginx.conf"), conf);
      const { status, stderr } = spawnSync("nginx", ["-t", "-c", path.join(own, "nginx.conf")], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stderr, /\[warn\]|\[emerg\]/);
      start("nginx", ["-g", "daemon off;", "-c", path.join(own, "nginx.conf")]);
      await eventually(
        "nginx answers",
        () => ask("GET", "/").catch(() => 0),
        (status_) => status_ === 404,
        20,
      );
    });
    after(() => {
      gateway.close();
    });

    function ask(method: string, at: string): Promise<number> {
      return new Promise((resolve, reject) => {
        const call = request(
          { host: "127.0.0.1", port, path: at, method, rejectUnauthorized: false },
          (answer: IncomingMessage) => {
            answer.resume();
            resolve(answer.statusCode ?? 0);
          },
        );
        call.on("error", reject);
        call.end(method === "POST" || method === "PUT" ? "tasks_total 2\n" : undefined);
      });
    }

    it("answers GET /metrics from the gateway", async () => {
      assert.equal(await ask("GET", "/metrics"), 200);
      assert.deepEqual(seen, ["GET /metrics"]);
    });

    it("refuses every other method and every other path, and asks the gateway nothing", async () => {
      seen.length = 0;
      for (const method of ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]) {
        assert.equal(await ask(method, "/metrics"), 405, method);
      }
      for (const at of [
        "/",
        "/metrics/",
        "/metrics/job/a",
        "/metrics%2fjob",
        "//metrics/x",
        "/api/v1",
        "/flower-metrics",
      ]) {
        assert.equal(await ask("GET", at), 404, at);
        assert.notEqual(await ask("POST", at), 200, at);
      }
      assert.deepEqual(seen, []);
    });
  });

  it("Redis takes the configuration: bounded memory, only expiring keys are forgotten, data outlives a restart", async () => {
    const port = await freePort();
    const data = path.join(dir, "redis");
    mkdirSync(data);
    const { keyValue } = packitSchema.settings.parse({ cluster: "a", deployment: "prod", namespace: { name: "a" } });
    const conf = (memory: string): string =>
      keyValueConf({ ...keyValue, memory })
        .replace("/var/lib/redis/data", data)
        .replace("port 6379", `port ${port}\nbind 127.0.0.1`);
    const serve = async (memory: string): Promise<ChildProcess> => {
      writeFileSync(path.join(dir, "redis.conf"), conf(memory));
      const child = start("redis-server", [path.join(dir, "redis.conf")]);
      await eventually(
        "Redis answers",
        () => Promise.resolve(cli("PING")),
        (answer) => answer === "PONG",
        20,
      );
      return child;
    };
    const cli = (...words: string[]): string =>
      spawnSync("redis-cli", ["-p", `${port}`, ...words], { encoding: "utf8" }).stdout.trim();
    const first = await serve(keyValue.memory);
    assert.match(cli("CONFIG", "GET", "maxmemory"), /73400320/);
    assert.match(cli("CONFIG", "GET", "maxmemory-policy"), /volatile-lru/);
    assert.equal(cli("LPUSH", "packit-prod-short-running", "task"), "1");
    await ended(first);
    await serve("4Mi");
    assert.equal(cli("LRANGE", "packit-prod-short-running", "0", "-1"), "task");
    const value = "x".repeat(100_000);
    assert.ok(
      Array.from({ length: 60 }, (_, index) => cli("SET", `result-${index}`, value, "EX", "1000")).every(
        (answer) => answer === "OK",
      ),
    );
    assert.equal(cli("LRANGE", "packit-prod-short-running", "0", "-1"), "task");
    const refused = Array.from({ length: 60 }, (_, index) => cli("LPUSH", `queue-${index}`, value));
    assert.match(refused.at(-1) ?? "", /OOM/);
  });
});
