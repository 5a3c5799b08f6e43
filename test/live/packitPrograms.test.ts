/** What Packit's program renders, read by the real nginx, Redis, OpenSSH and Kerberos. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { packitSchema } from "../../components/packit/config.ts";
import { keyValueConf, keyValueReadiness } from "../../components/packit/keyValue.ts";
import { keytabProblem, sampleSshConfig, sshConfigProblem } from "../../components/packit/secretFiles.ts";
import { nginxConf } from "../../components/packit/nginxConf.ts";
import { sample, sampleCertificate } from "../../config/samples.ts";
import { World } from "../../contracts/check/workloads.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import { buildPackit, production } from "../unit/packit/fixture.ts";

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("Packit's files, read by the real programs", function () {
  this.timeout(300_000);
  let dir: string;
  const running: ChildProcess[] = [];

  before(async () => {
    await installPackages(["nginx-light", "openssh-client", "redis-server", "redis-tools"], () => undefined);
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

    it("nginx answers GET /metrics from the gateway", async () => {
      assert.equal(await ask("GET", "/metrics"), 200);
      assert.deepEqual(seen, ["GET /metrics"]);
    });

    it("nginx refuses every other method and path without asking the gateway", async () => {
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

  it("Redis accepts its configuration: memory is bounded, only expiring keys are evicted, data survives a restart", async () => {
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
    assert.match(cli("CONFIG", "GET", "maxmemory"), /218103808/);
    assert.match(cli("CONFIG", "GET", "maxmemory-policy"), /volatile-lru/);
    assert.equal(cli("LPUSH", "short-running", "task"), "1");
    await ended(first);
    await serve("4Mi");
    assert.equal(cli("LRANGE", "short-running", "0", "-1"), "task");
    const value = "x".repeat(100_000);
    assert.ok(
      Array.from({ length: 60 }, (_, index) => cli("SET", `result-${index}`, value, "EX", "1000")).every(
        (answer) => answer === "OK",
      ),
    );
    assert.equal(cli("LRANGE", "short-running", "0", "-1"), "task");
    const refused = Array.from({ length: 60 }, (_, index) => cli("LPUSH", `queue-${index}`, value));
    assert.match(refused.at(-1) ?? "", /OOM/);
  });

  it("Redis' readiness probe finds the client as the image has it: on the PATH of a bash that is called bash", async () => {
    // Source: sclorg/redis-container@4d0ed3d^ 5/Dockerfile:57-66; sh is bash there, too, and reads no BASH_ENV under that name.
    const port = await freePort();
    const image = path.join(dir, "image");
    const collection = path.join(image, "opt");
    mkdirSync(collection, { recursive: true });
    for (const name of ["bash", "sh"]) symlinkSync("/bin/bash", path.join(image, name));
    const client = path.join(collection, "redis-cli");
    writeFileSync(client, `#!/bin/bash\nexec /usr/bin/redis-cli -p ${port} "$@"\n`);
    chmodSync(client, 0o755);
    writeFileSync(path.join(image, "scl_enable"), `PATH=${collection}:$PATH\n`);
    const env = {
      PATH: image,
      BASH_ENV: path.join(image, "scl_enable"),
      ENV: path.join(image, "scl_enable"),
      LC_ALL: "C",
    };
    // With nothing to read, as the kubelet runs a probe: bash takes a socket, Node's default, for a login from afar.
    const ask = ([shell = "", ...words]: readonly string[]): number =>
      spawnSync(path.join(image, shell), words, { env, stdio: "ignore" }).status ?? -1;
    const question = keyValueReadiness("redis");
    assert.equal(question[0], "bash");
    assert.notEqual(ask(question), 0, "nobody answers yet");
    const server = start("redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", "--save", ""]);
    await eventually(
      "Redis answers",
      () => Promise.resolve(ask(question)),
      (status) => status === 0,
      20,
    );
    assert.notEqual(ask(["sh", ...question.slice(1)]), 0, "sh does not find the client");
    await ended(server);
    assert.notEqual(ask(question), 0);
  });

  it("OpenSSH accepts the key under the name that the current workers and those of 2021 have", () => {
    const text = sampleSshConfig("packit");
    assert.equal(sshConfigProblem(text), undefined);
    const file = path.join(dir, "ssh_config");
    writeFileSync(file, text);
    const { stdout, stderr } = spawnSync("ssh", ["-G", "-F", file, "pkgs.fedoraproject.org"], { encoding: "utf8" });
    assert.deepEqual(
      stdout.match(/^identityfile .*$/gm),
      ["identityfile /home/packit/.ssh/id_ed25519", "identityfile /home/packit/.ssh/id_rsa"],
      stderr,
    );
    // The same key, whatever it is called; OpenSSH detects the kind by the text.
    const key = sample("ssh-private-key", "packit-ssh");
    for (const name of ["id_ed25519", "id_rsa"]) {
      writeFileSync(path.join(dir, name), key, { mode: 0o600 });
      const derived = spawnSync("ssh-keygen", ["-y", "-f", path.join(dir, name)], { encoding: "utf8" });
      const known = sample("ssh-public-key", "packit-ssh").split(" ").slice(0, 2);
      assert.deepEqual(derived.stdout.trim().split(" ").slice(0, 2), known, derived.stderr);
    }
  });

  it("Kerberos tickets are stored in their own folder, which kinit creates", async () => {
    // As packit/packit@69d783e packit/api.py:2592 calls it, with what a worker is given.
    await installPackages(["krb5-kdc", "krb5-admin-server", "krb5-user"], () => undefined);
    const [own, port, realm] = [path.join(dir, "kerberos-server"), await freePort(), "FEDORAPROJECT.ORG"];
    mkdirSync(own);
    const at = (name: string): string => path.join(own, name);
    writeFileSync(
      at("krb5.conf"),
      `[libdefaults]\ndefault_realm = ${realm}\ndns_lookup_kdc = false\n[realms]\n${realm} = {\n  kdc = 127.0.0.1:${port}\n}\n`,
    );
    writeFileSync(
      at("kdc.conf"),
      `[realms]\n${realm} = {
  database_name = ${at("principal")}
  key_stash_file = ${at("stash")}
  kdc_listen = 127.0.0.1:${port}
  kdc_tcp_listen = 127.0.0.1:${port}
}\n`,
    );
    const built = await buildPackit(production);
    const worker = new World(built.resources)
      .pods(() => undefined)
      .find(({ title }) => title.endsWith("/packit-worker"));
    const cache = worker?.containers[0]?.variables.get("KRB5CCNAME")?.text?.replace("/home/packit", own);
    assert.equal(cache, `DIR:${own}/kerberos/`);
    const env = {
      PATH: "/usr/sbin:/usr/bin:/bin",
      KRB5_CONFIG: at("krb5.conf"),
      KRB5_KDC_PROFILE: at("kdc.conf"),
      KRB5CCNAME: cache,
    };
    const call = (program: string, ...words: string[]): string => {
      const { status, stdout, stderr } = spawnSync(program, words, { env, encoding: "utf8" });
      assert.equal(status, 0, stdout + stderr);
      return stdout;
    };
    call("kdb5_util", "create", "-s", "-r", realm, "-P", "master");
    call("kadmin.local", "-q", "addprinc -randkey packit");
    call("kadmin.local", "-q", `ktadd -k ${at("fedora.keytab")} packit`);
    assert.equal(keytabProblem(readFileSync(at("fedora.keytab")).toString("base64")), undefined);
    running.push(spawn("krb5kdc", ["-n", "-r", realm], { env, stdio: "ignore" }));
    const kinit = ["packit@" + realm, "-k", "-t", at("fedora.keytab")];
    await eventually(
      "the KDC answers",
      () => Promise.resolve(spawnSync("kinit", kinit, { env }).status),
      (status) => status === 0,
      20,
    );
    assert.match(call("klist"), /Default principal: packit@FEDORAPROJECT\.ORG/);
    assert.deepEqual(readdirSync(at("kerberos")).includes("primary"), true);
  });
});
