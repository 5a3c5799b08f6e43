import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { isReserved } from "../../components/dials/reservedNames.ts";
import { nginxConf } from "../../components/dials/nginx.ts";
import { redisConf, type RedisUse } from "../../components/dials/redisConf.ts";
import type { Rendered } from "../../review/evaluate/render.ts";
import { clearDials, given, type Manifest, object, workspace } from "../unit/dials/fixture.ts";
import { bound, CeleryWorld, eventually } from "./dials/celery.ts";
import { freePort } from "./port.ts";
import { installPrograms, postgresBin, pythonBin } from "./dials/programs.ts";

type Texts = Record<string, string>;

describe("DIALS' files, read by the real programs", function () {
  this.timeout(300_000);
  let dir: string;
  let all: readonly Rendered[];
  const running: ChildProcess[] = [];

  before(async () => {
    await installPrograms();
    dir = mkdtempSync(path.join(tmpdir(), "dials-programs-"));
    chmodSync(dir, 0o755);
    all = await clearDials();
  });
  after(async () => {
    await Promise.all(running.map((child) => ended(child, "SIGTERM")));
    rmSync(dir, { recursive: true, force: true });
  });

  function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = dir): ChildProcess {
    const child = spawn("setpriv", [...bound, program, ...args], {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: "ignore",
      detached: true,
    });
    running.push(child);
    return child;
  }

  function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once("exit", () => {
        resolve();
      });
      child.kill(signal);
    });
  }

  const texts = (kind: "ConfigMap" | "Secret", name: string): Texts => {
    const { data, stringData } = object(all, kind, name);
    return (data ?? stringData) as Texts;
  };
  const probe = (deployment: string, container = 0): readonly string[] =>
    object(all, "Deployment", deployment).spec.template.spec.containers[container]?.readinessProbe?.exec?.command ?? [];

  describe("nginx", () => {
    /** The rendered file where the image has it: included by a main file of its own, in a folder where it may write. */
    function wrapped(conf: string, port: number, django: number): string {
      const own = mkdtempSync(path.join(dir, "nginx-"));
      chmodSync(own, 0o777);
      const rendered = conf
        .replaceAll("127.0.0.1:8000", `127.0.0.1:${django}`)
        .replace("listen 8081", `listen 127.0.0.1:${port}`);
      writeFileSync(
        path.join(own, "server.conf"),
        rendered.replaceAll("/var/www/api/", `${dir}/www/`).replace("/dev/stdout", `${own}/access.log`),
      );
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (name) => `${name}_temp_path ${own}/${name};`,
      );
      const main = `pid ${own}/nginx.pid; error_log stderr; daemon off; events {} http { ${temporary.join(" ")} include ${own}/server.conf; }`;
      writeFileSync(path.join(own, "nginx.conf"), main);
      return path.join(own, "nginx.conf");
    }

    it("nginx accepts its configuration with any timeout", () => {
      for (const seconds of [1, 30, 86_400]) {
        const { status, stderr } = spawnSync("nginx", ["-t", "-c", wrapped(nginxConf(seconds), 18_081, 18_000)], {
          encoding: "utf8",
        });
        assert.equal(status, 0, stderr);
        assert.doesNotMatch(stderr, /\[warn\]|\[emerg\]/);
      }
    });

    it("nginx serves static files and Django, each by its rules", async () => {
      const [port, django] = [await freePort(), await freePort()];
      mkdirSync(path.join(dir, "www", "static"), { recursive: true });
      writeFileSync(path.join(dir, "www", "static", "a.css"), "body {}");
      const { "nginx.conf": conf = "" } = texts("ConfigMap", "backend-nginx-conf");
      start("nginx", ["-c", wrapped(conf, port, django)]);
      const stub = start(path.join(pythonBin, "python"), [
        "-m",
        "http.server",
        `${django}`,
        "--bind",
        "127.0.0.1",
        "--directory",
        "/var/empty",
      ]);
      const get = (at: string, options: RequestInit = {}): Promise<Response> =>
        fetch(`http://127.0.0.1:${port}${at}`, options);
      await eventually("nginx answers", 20, () => get("/nghealth").then(({ ok }) => ok));
      await eventually("the stub answers", 20, () => fetch(`http://127.0.0.1:${django}/`).then(() => true));

      const file = await get("/static/a.css");
      assert.equal(await file.text(), "body {}");
      assert.equal(file.headers.get("access-control-allow-origin"), "*");
      assert.equal((await get("/static/a.css", { method: "OPTIONS" })).status, 204);
      assert.match((await get("/static/missing.css")).headers.get("server") ?? "", /nginx/);
      assert.equal((await get("/api/v1/nothing")).status, 404);
      // Without Django only nginx' own page is left, which is why the probes ask both.
      await ended(stub, "SIGKILL");
      assert.equal((await get("/api/v1/nothing")).status, 502);
      assert.equal((await get("/nghealth")).status, 200);
    });
  });

  describe("Redis", () => {
    const auth = (password: string): string => {
      const file = path.join(dir, "auth.conf");
      writeFileSync(file, texts("Secret", "redis-etl-broker")["auth.conf"] ?? "");
      assert.ok(password.length > 20);
      return file;
    };
    const password = (): string => texts("Secret", "redis-etl-broker")["database-password"] ?? "";

    /** A server with the rendered configuration, on a port and folder of its own. */
    async function serve(
      use: RedisUse,
      data: string,
    ): Promise<{ cli: (...words: string[]) => string; child: ChildProcess; port: number }> {
      const port = await freePort();
      mkdirSync(data, { recursive: true });
      const file = path.join(data, "..", `redis-${port}.conf`);
      writeFileSync(file, redisConf(use, data, auth(password())).replace("port 6379", `port ${port}\nbind 127.0.0.1`));
      const child = start("redis-server", [file]);
      const cli = (...words: string[]): string =>
        spawnSync("redis-cli", ["-p", `${port}`, ...words], {
          encoding: "utf8",
          env: { ...process.env, REDISCLI_AUTH: password() },
        }).stdout.trim();
      await eventually("Redis answers", 20, () => cli("PING") === "PONG");
      return { cli, child, port };
    }

    it("Redis accepts both configurations, and no client without the password", async () => {
      for (const keeps of [true, false]) {
        const { cli, port } = await serve(
          { keeps, appendOnly: false, maxMemoryMiB: 768 },
          path.join(dir, `plain-${String(keeps)}`),
        );
        assert.match(cli("CONFIG", "GET", "maxmemory-policy"), keeps ? /noeviction/ : /allkeys-lru/);
        assert.match(cli("CONFIG", "GET", "maxmemory"), /805306368/);
        const { stdout } = spawnSync("redis-cli", ["-p", `${port}`, "PING"], { encoding: "utf8" });
        assert.match(stdout, /NOAUTH/);
      }
    });

    it("the broker keeps its messages over a restart, and with append-only over a crash", async () => {
      for (const appendOnly of [false, true]) {
        const data = path.join(dir, `broker-${String(appendOnly)}`);
        const first = await serve({ keeps: true, appendOnly, maxMemoryMiB: 64 }, data);
        assert.equal(first.cli("LPUSH", "csc-bulk", "task"), "1");
        if (appendOnly)
          await eventually("the message is on disk", 5, () =>
            first.cli("INFO", "persistence").includes("aof_pending_bio_fsync:0"),
          );
        await ended(first.child, appendOnly ? "SIGKILL" : "SIGTERM");
        const second = await serve({ keeps: true, appendOnly, maxMemoryMiB: 64 }, data);
        assert.equal(second.cli("LRANGE", "csc-bulk", "0", "-1"), "task");
      }
    });

    it("when full, the cache evicts keys and the broker refuses writes", async () => {
      for (const keeps of [true, false]) {
        const { cli } = await serve(
          { keeps, appendOnly: false, maxMemoryMiB: 3 },
          path.join(dir, `full-${String(keeps)}`),
        );
        const value = "x".repeat(100_000);
        const answers = Array.from({ length: 60 }, (_, index) => cli("SET", `key-${index}`, value));
        assert.equal(
          answers.every((answer) => answer === "OK"),
          !keeps,
        );
        if (keeps) assert.match(answers.at(-1) ?? "", /OOM/);
      }
    });

    it("the readiness probe succeeds, and fails with another password", async () => {
      const { port } = await serve({ keeps: false, appendOnly: false, maxMemoryMiB: 64 }, path.join(dir, "probed"));
      const ask = (secret: string): number | null => {
        const [program = "", ...args] = probe("redis-web-cache").map((word) =>
          word.replace("redis-cli ", `redis-cli -p ${port} `),
        );
        return spawnSync(program, args, { env: { ...process.env, REDIS_PASSWORD: secret } }).status;
      };
      assert.equal(ask(password()), 0);
      assert.notEqual(ask("wrong"), 0);
    });
  });

  describe("Celery", () => {
    let world: CeleryWorld;
    before(async () => {
      const { FLOWER_BASIC_AUTH = "", ...secret } = texts("Secret", "dials-etl-secrets");
      const variables = { ...texts("ConfigMap", "dials-etl-configmap"), ...secret, FLOWER_BASIC_AUTH };
      world = await CeleryWorld.open(texts("ConfigMap", "dials-etl-config")["etl.config.json"] ?? "", variables);
    });
    after(() => world.close());

    it("a worker runs by its Deployment's command, and its probe finds that worker only", async () => {
      await world.startWorker("tracker-bulk", "tracker-bulk-abc");
      assert.equal(await world.probe("tracker-bulk-abc", probe("tracker-bulk")), 0);
      assert.notEqual(await world.probe("tracker-bulk-abc", probe("tracker-priority")), 0);
    });

    it("Flower's API requires the login in the Secret, and its health page is open", async () => {
      const { FLOWER_BASIC_AUTH: login = "" } = texts("Secret", "dials-etl-secrets");
      const ask = async (at: string, authorization?: string): Promise<number> => {
        const headers = authorization === undefined ? {} : { authorization };
        return (await fetch(`http://127.0.0.1:${world.flowerPort}${at}`, { headers })).status;
      };
      assert.equal(await ask("/healthcheck"), 200);
      assert.equal(await ask("/api/workers"), 401);
      assert.equal(await ask("/api/workers", `Basic ${Buffer.from(login).toString("base64")}`), 200);
    });

    it("each file goes to the queue of its workspace and era, by the keys of the rendered file", async () => {
      // Of the first test; it would take what is looked for here.
      await world.stop("tracker-bulk-abc");
      await world.startWorker("common-indexer", "common-indexer-abc");
      const start =
        "from python.celery import EVERYTHING, INDEXER, index; index.apply_async(kwargs=EVERYTHING, queue=INDEXER)";
      const { status, output } = await world.run(["python", "-c", start]);
      assert.equal(status, 0, output);
      const waiting = async (queue: string): Promise<readonly object[]> =>
        (await world.redis("LRANGE", queue, "0", "-1"))
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => {
            const { body } = JSON.parse(line) as { body: string };
            const [, kwargs] = JSON.parse(Buffer.from(body, "base64").toString()) as [unknown, object];
            return kwargs;
          });
      const file = (era: string): string => `/store/data/${era}/ZeroBias/*Run202*/DQMIO.root`;
      const about = (name: string, era: string): object => ({
        file: file(era),
        workspace: name,
        elements: ["SiStrip/"],
      });
      const expected = {
        "tracker-priority": [about("tracker", "Run2024")],
        "tracker-bulk": [about("tracker", "Run1999")],
        "private-bulk": [about("muon_staging", "Run1999"), about("muon_staging", "Run2024")],
      };
      await eventually("both files of both workspaces are queued", 60, async () => {
        const counts = await Promise.all(Object.keys(expected).map(async (queue) => (await waiting(queue)).length));
        return counts.join() === "1,1,2";
      });
      for (const [queue, files] of Object.entries(expected)) assert.deepEqual(await waiting(queue), files, queue);
    });

    it("the ETL reads its variables", async () => {
      const facts =
        "import json; from python.celery import ENV, RAW_LAYERS, SIZES, TYPES, TEXTS; print(json.dumps([ENV, RAW_LAYERS, SIZES, TYPES, TEXTS['MODEL_REGISTRY_PATH']]))";
      const { output } = await world.run(["python", "-c", facts]);
      assert.deepEqual(JSON.parse(output), [
        "prod",
        ["/eos/cms"],
        [5000, 1000],
        [
          [3, 4, 5],
          [6, 7, 8],
        ],
        "/eos/models",
      ]);
    });

    it("RedBeat runs by its Deployment's command: the hourly indexing is in Redis, and nothing on disk", async () => {
      const command = object(all, "Deployment", "common-redbeat").spec.template.spec.containers[0]?.command ?? [];
      const home = mkdtempSync(path.join(dir, "beat-"));
      cpSync(path.join(import.meta.dirname, "dials", "etl"), home, { recursive: true });
      const contents = readdirSync(home);
      const [program = "", ...args] = command;
      const beat = start(program, args, world.env(), home);
      await eventually("RedBeat has its entry", 60, async () =>
        (await world.redis("-n", "2", "KEYS", "redbeat:*")).includes("Dataset indexing pipeline"),
      );
      assert.match(await world.redis("-n", "2", "KEYS", "redbeat*"), /redbeat::lock/);
      assert.deepEqual(readdirSync(home), contents);
      await ended(beat, "SIGTERM");
    });
  });

  describe("Django and PostgreSQL", () => {
    let databasePort: number;
    before(async () => {
      databasePort = await freePort();
      const data = path.join(dir, "postgresql");
      const asPostgres = (...words: string[]): readonly string[] => [
        ...bound,
        "--reuid=postgres",
        "--regid=postgres",
        "--clear-groups",
        ...words,
      ];
      mkdirSync(data);
      spawnSync("chown", ["postgres", data]);
      writeFileSync(path.join(dir, "password"), "sample");
      const made = spawnSync(
        "setpriv",
        asPostgres(
          `${postgresBin}/initdb`,
          "-D",
          data,
          "-U",
          "dials",
          "-A",
          "scram-sha-256",
          `--pwfile=${dir}/password`,
        ),
        { encoding: "utf8" },
      );
      assert.equal(made.status, 0, made.stderr);
      start(
        "setpriv",
        asPostgres(`${postgresBin}/postgres`, "-D", data, "-p", `${databasePort}`, "-h", "127.0.0.1", "-k", data),
        {},
        data,
      );
    });

    /** What psql prints. */
    function sql(database: string, statement: string): string {
      const words = ["-h", "127.0.0.1", "-p", `${databasePort}`, "-U", "dials", "-At", "-c", statement, database];
      const env = { ...process.env, PGPASSWORD: "sample" };
      const { status, stdout, stderr } = spawnSync("psql", words, { encoding: "utf8", env });
      assert.equal(status, 0, stderr);
      return stdout.trim();
    }

    /** The variables of the backend's pod, pointed at this machine. */
    async function variables(redisPort: number): Promise<Texts> {
      all = await clearDials(
        { workspaces: given.workspaces, database: { host: "127.0.0.1", port: databasePort, user: "dials" } },
        { "dials:databasePassword": "sample" },
      );
      const both = { ...texts("ConfigMap", "dials-backend-configmap"), ...texts("Secret", "dials-backend-secrets") };
      return {
        ...both,
        DJANGO_REDIS_URL: (both.DJANGO_REDIS_URL ?? "").replace("redis-web-cache:6379", `127.0.0.1:${redisPort}`),
      };
    }

    it("the migrations' first step distinguishes an unreachable server from a missing database", async () => {
      const job = all.find(({ inputs }) => (inputs as Partial<Manifest>).kind === "Job")?.inputs as Manifest;
      const [python = "", ...args] = job.spec.template.spec.initContainers?.[0]?.command ?? [];
      const reach = (port: number): { status: number | null; stderr: string } =>
        spawnSync(path.join(pythonBin, python), args, {
          encoding: "utf8",
          env: { DATABASE_URI: `postgresql://dials:sample@127.0.0.1:${port}` },
        });
      await eventually("PostgreSQL takes the step", 30, () => reach(databasePort).status === 0);
      const away = reach(1);
      assert.equal(away.status, 1);
      assert.match(away.stderr, /^PostgreSQL cannot be reached: .*Connection refused/s);
    });

    it("the migrations' second step creates each workspace's database, by the Job's command and variables", async () => {
      all = await clearDials(
        {
          workspaces: [workspace("csc"), workspace("ecal")],
          defaultWorkspace: "csc",
          database: { host: "127.0.0.1", port: databasePort, user: "dials" },
        },
        { "dials:databasePassword": "sample" },
      );
      const job = all.find(({ inputs }) => (inputs as Partial<Manifest>).kind === "Job")?.inputs as Manifest;
      const [program = "", ...args] = job.spec.template.spec.containers[0]?.command ?? [];
      const env = { ...texts("ConfigMap", "dials-etl-configmap"), ...texts("Secret", "dials-etl-secrets") };
      const etl = path.join(import.meta.dirname, "..", "..", "lab", "images", "dials", "etl");
      // The second time there is nothing to do.
      for (let turn = 0; turn < 2; turn++) {
        const { status, stderr } = spawnSync(path.join(pythonBin, program), args, {
          cwd: etl,
          encoding: "utf8",
          env: { ...env, PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: "1" },
        });
        assert.equal(status, 0, stderr);
      }
      for (const name of ["csc", "ecal"]) assert.equal(sql(name, "select count(*) from fact_file_index"), "0");
    });

    it("no workspace has a name that is a PostgreSQL keyword", () => {
      const words = sql("postgres", "select word from pg_get_keywords() where catcode in ('R', 'T')").split("\n");
      assert.ok(words.length > 90);
      assert.deepEqual(
        words.filter((word) => !isReserved(word)),
        [],
      );
      assert.equal(isReserved("tracker"), false);
    });

    it("Django reads its variables, and answers only for its own hosts", async () => {
      const redisPort = await freePort();
      writeFileSync(path.join(dir, "cache-auth.conf"), texts("Secret", "redis-web-cache")["auth.conf"] ?? "");
      const conf = redisConf(
        { keeps: false, appendOnly: false, maxMemoryMiB: 64 },
        dir,
        path.join(dir, "cache-auth.conf"),
      );
      writeFileSync(path.join(dir, "cache.conf"), conf.replace("port 6379", `port ${redisPort}\nbind 127.0.0.1`));
      start("redis-server", [path.join(dir, "cache.conf")]);
      for (const name of ["tracker", "muon_staging"]) {
        // As Alembic makes it: without quotes.
        sql("postgres", `CREATE DATABASE ${name};`);
      }
      const port = await freePort();
      const env = await variables(redisPort);
      const args = [
        "--bind",
        `127.0.0.1:${port}`,
        "--workers",
        env.GUNICORN_N_WORKERS ?? "",
        "--timeout",
        env.GUNICORN_TIMEOUT ?? "",
        "standin:application",
      ];
      start(
        path.join(pythonBin, "gunicorn"),
        args,
        { ...env, DJANGO_SETTINGS_MODULE: "standin", PYTHONDONTWRITEBYTECODE: "1" },
        path.join(import.meta.dirname, "dials", "backend"),
      );
      const ask = (at: string, host: string): { status: number; body: string } => {
        const { stdout } = spawnSync(
          "curl",
          [
            "-s",
            "-w",
            "\n%{http_code}",
            "-H",
            `Host: ${host}`,
            "-H",
            "X-Forwarded-Proto: https",
            `http://127.0.0.1:${port}${at}`,
          ],
          { encoding: "utf8" },
        );
        const lines = stdout.split("\n");
        return { status: Number(lines.pop()), body: lines.join("\n") };
      };
      const readiness = object(all, "Deployment", "backend").spec.template.spec.containers[0]?.readinessProbe?.httpGet;
      const host = readiness?.httpHeaders[0]?.value ?? "";
      await eventually("gunicorn answers the readiness probe", 60, () => ask("/", host).status === 200);
      // What a kubelet sends without configuration: the pod's address.
      assert.equal(ask("/", "10.128.0.7:8000").status, 400);
      assert.equal(ask("/", "dials.example.org").status, 400);
      const { status, body } = ask("/facts", "cmsdials.web.cern.ch");
      assert.equal(status, 200, body);
      assert.deepEqual(JSON.parse(body), {
        hosts: ["cmsdials-api.web.cern.ch", "cmsdials.web.cern.ch"],
        origins: Array(2).fill(["https://cmsdials-api.web.cern.ch", "https://cmsdials.web.cern.ch"]),
        databases: { tracker: "tracker", muon_staging: "muon_staging" },
        default: "tracker",
        cached: "value",
        clients: ["client-a"],
        keycloak: "https://auth.cern.ch/auth/realms/cern",
        secrets: ["cms-dials-prod-confidential-app", true],
        debug: false,
        host: "cmsdials.web.cern.ch",
        proto: "https",
      });
    });
  });
});
