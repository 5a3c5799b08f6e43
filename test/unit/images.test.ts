/** `orrery images`, with a registry of its own: Bearer tokens for a login, and what a registry answers about images. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { deployedImage, parseImage } from "../../config/image.ts";
import { keepSystems, put } from "../../config/stackEdit.ts";
import { projectDir, stackPath } from "../../config/stackFile.ts";
import { configuredImages } from "../../ops/lib/images/configured.ts";
import { readLogins } from "../../ops/lib/images/logins.ts";
import { type Asked, leftReason, pinnedText, stackImages } from "../../ops/lib/images/list.ts";
import { Registries } from "../../ops/lib/images/registry.ts";
import { countedPins, imagesOf, pinOf } from "../../policy/images.ts";
import { manifestsOf, stackResources } from "../../policy/violations.ts";
import { renderedStack } from "./recordings.ts";
import { Registry, sha } from "./registry.ts";

describe("orrery images", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "images-"));
  const file = path.join(dir, "stack.yaml");
  const registry = new Registry();
  let host = "";
  const names = ["etl", "backend", "frontend", "nginx-unprivileged", "redis"] as const;

  before(async () => {
    host = await registry.listen();
    mkdirSync(path.join(dir, "logins"));
    const auths = { [host]: { auth: Buffer.from("me:secret").toString("base64") } };
    writeFileSync(path.join(dir, "logins", "config.json"), JSON.stringify({ auths }));
  });
  after(() => {
    registry.close();
    rmSync(dir, { recursive: true });
  });

  /** A stack of DIALS alone, whose images are all in this registry. */
  function stackFile(images: Readonly<Record<string, string>>): void {
    const text = keepSystems(readFileSync(stackPath("test"), "utf8"), ["clusters", "dials"]);
    writeFileSync(file, put(text, ["config", "dials:settings", "images"], images));
  }

  function images(...args: readonly string[]): Promise<{ code: number; text: string; json: () => unknown }> {
    const env = { PATH: process.env.PATH, HOME: dir, DOCKER_CONFIG: path.join(dir, "logins") };
    const words = ["cli/orrery.ts", "images", "--stack", "test", "--config-file", file, ...args];
    return new Promise((resolve) => {
      const child = spawn(process.execPath, words, { cwd: projectDir, env });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.on("close", (code) => {
        resolve({ code: code ?? 1, text: stdout + stderr, json: () => JSON.parse(stdout) as unknown });
      });
    });
  }

  it("lists every image of a stack with tag, digest, age and source, and changes nothing", async () => {
    const day = new Date(Date.now() - 30 * 86_400_000).toISOString();
    const [etl, backend] = [`open/etl:1.2`, `closed/backend:3`];
    for (const name of [etl, backend, "open/frontend:1", "open/nginx:1", "open/redis:7"]) registry.built.set(name, day);
    registry.built.set("open/redis:7", "1970-01-01T00:00:00Z"); // a build that can be repeated
    stackFile({
      etl: `${host}/${etl}`,
      backend: `${host}/closed/backend:3@${sha("older")}`,
      frontend: `${host}/open/frontend:1@${registry.digestOf("open/frontend:1")}`,
      "nginx-unprivileged": `${host}/open/nginx@${registry.digestOf("open/nginx:1")}`,
      redis: `${host}/open/redis:7`,
    });
    const before = readFileSync(file, "utf8");
    const { code, text } = await images();
    assert.equal(code, 1, text);
    const line = (name: string): string =>
      text
        .split("\n")
        .find((one) => one.startsWith(`${host}/${name} `))
        ?.replaceAll(/ {2,}/g, " | ") ?? text;
    const short = (name: string): string => registry.digestOf(name).slice(7, 19);
    const setting = "dials:settings.images";
    assert.equal(line("open/etl"), `${host}/open/etl | 1.2 | (${short(etl)}) | 30 d | ${setting}.etl`);
    assert.equal(
      line("open/frontend"),
      `${host}/open/frontend | 1 | ${short("open/frontend:1")} | 30 d | ${setting}.frontend`,
    );
    assert.equal(
      line("open/nginx"),
      `${host}/open/nginx | - | ${short("open/nginx:1")} | 30 d | ${setting}.nginx-unprivileged`,
    );
    assert.equal(line("open/redis"), `${host}/open/redis | 7 | (${short("open/redis:7")}) | - | ${setting}.redis`);
    // A login was needed and found; the digest that is configured is not there any more.
    assert.match(text, /^1 could not be asked for: the registry has no 127\.0\.0\.1:\d+\/closed\/backend:sha256:/m);
    assert.equal(readFileSync(file, "utf8"), before);
  });

  it("--update writes the digest of each tag next to it, of registries with a login too, and then finds nothing to do", async () => {
    for (const name of names) registry.built.set(`closed/${name}:1`, "2026-01-02T03:04:05Z");
    stackFile(Object.fromEntries(names.map((name) => [name, `${host}/closed/${name}:1`])));
    const before = readFileSync(file, "utf8");
    const dry = await images("--update", "--dry-run");
    assert.equal(dry.code, 0, dry.text);
    assert.match(dry.text, /^5 digests would be written; nothing was changed$/m);
    assert.equal(readFileSync(file, "utf8"), before);

    const { code, text } = await images("--update");
    assert.equal(code, 0, text);
    assert.match(text, /^5 digests are written; next: npx pulumi preview --stack test$/m);
    const expected = names.reduce((all, name) => {
      const image = `${host}/closed/${name}:1`;
      return all.replace(image, `${image}@${registry.digestOf(`closed/${name}:1`)}`);
    }, before);
    assert.equal(readFileSync(file, "utf8"), expected);
    assert.match((await images("--update")).text, /^every image that can have a digest has the one of its tag$/m);
  });

  it("--update again follows a tag that has moved, and clusters get the digest alone", async () => {
    registry.built.set("closed/etl:1", "2026-06-07T08:09:10Z");
    const moved = registry.digestOf("closed/etl:1");
    const listed = await images();
    assert.match(listed.text, /closed\/etl +1 +[0-9a-f]{12}, moved /);
    assert.match((await images("--update")).text, /^1 digests are written/m);
    assert.ok(readFileSync(file, "utf8").includes(`${host}/closed/etl:1@${moved}`));
    const found = (await images("--json")).json() as readonly Record<string, unknown>[];
    assert.equal(found.length, 5);
    assert.deepEqual(
      found.find(({ repository }) => repository === `${host}/closed/etl`),
      {
        ...{ repository: `${host}/closed/etl`, tag: "1", digest: moved, digestOfTag: moved },
        ...{ built: "2026-06-07T08:09:10.000Z", setting: "dials:settings.images.etl", own: true, pin: "digest" },
      },
    );
    assert.equal(deployedImage(`${host}/closed/etl:1@${moved}`), `${host}/closed/etl@${moved}`);
  });

  it("a registry that refuses or does not answer is said once, and what can be pinned is pinned", async () => {
    writeFileSync(path.join(dir, "logins", "config.json"), "{}");
    stackFile({
      ...Object.fromEntries(names.map((name) => [name, `127.0.0.1:1/${name}:1`])),
      etl: `${host}/open/etl:1.2`,
      backend: `${host}/closed/backend:3`,
    });
    const { code, text } = await images("--update");
    assert.equal(code, 1);
    assert.match(text, /^3 could not be asked for: the registry 127\.0\.0\.1:1 does not answer: /m);
    assert.match(text, /^1 could not be asked for: the registry \S+ refuses the login \(401\): docker login /m);
    assert.match(text, /^1 digests are written/m);
    assert.match(text, /^3 without a digest: the registry 127\.0\.0\.1:1 does not answer/m);
    assert.doesNotMatch(text, /^ {4}at /m);
  });
});

describe("images and what fixes them", () => {
  it("a name is taken apart as container runtimes do", () => {
    const one = sha("x");
    assert.deepEqual(parseImage("registry:2.7.1"), { repository: "registry", tag: "2.7.1", digest: undefined });
    assert.deepEqual(parseImage("localhost:5000/a/b"), {
      repository: "localhost:5000/a/b",
      tag: undefined,
      digest: undefined,
    });
    assert.deepEqual(parseImage(`h:1/a:v1@${one}`), { repository: "h:1/a", tag: "v1", digest: one });
    assert.equal(deployedImage("a/b:1"), "a/b:1");
  });

  it("the image is by digest, by tag, by the cluster or by a parameter", () => {
    assert.deepEqual(
      [`a@${sha("a")}`, "a:1", "image-registry.openshift-image-registry.svc:5000/a/b:latest", "${ID}:latest"].map(
        pinOf,
      ),
      ["digest", "tag", "cluster", "parameter"],
    );
    assert.deepEqual(countedPins(["a:1", "b:1", `c@${sha("c")}`]), [
      "   1  by digest",
      "   2  by tag alone; orrery images --update writes digests where there is a setting",
    ]);
  });

  it("no committed stack gets more images by tag alone than it has", async () => {
    // Restic's, of the backups, are among them: which digest its registry has cannot be known here.
    const most = { prod: 42, stage: 71, test: 45 };
    for (const [stack, limit] of Object.entries(most)) {
      const images = imagesOf(manifestsOf(stackResources(await renderedStack(stack))));
      const byTag = images.filter((image) => pinOf(image) === "tag");
      assert.ok(byTag.length <= limit, `${stack}: ${byTag.length} by tag; pin new ones, or lower the limit`);
    }
  });

  it("every setting that names an image is found by the system's table or settings", () => {
    const image = `quay.io/a/b:1`;
    const at = (all: readonly { readonly at: readonly string[] }[]): readonly string[] =>
      all.map((one) => one.at.join(".")).sort();
    const thoth = configuredImages.thoth({
      bots: { kebechet: { build: false }, sesheta: { build: true }, regidores: { normalizersImage: image } },
      ultrahook: {},
      nodepool: { streams: { "thoth-ops": { "v0.1": image, built: { contextDir: "x", ref: "y" } } } },
      station: { images: { adviser: image } },
    } as unknown as Parameters<typeof configuredImages.thoth>[0]);
    assert.deepEqual(at(thoth), [
      "bots.kebechet.image",
      "bots.regidores.normalizersImage",
      "nodepool.streams.thoth-ops.v0.1",
      "station.images.adviser",
      "ultrahook.image",
    ]);
    const callysto = configuredImages.callysto({
      environments: { a: { guest: { jupyterhub: { image } } }, b: { guest: {} }, c: {} },
    } as unknown as Parameters<typeof configuredImages.callysto>[0]);
    assert.deepEqual(at(callysto), ["environments.a.guest.jupyterhub.image"]);
    assert.ok(
      at(configuredImages.prow({ images: {} } as Parameters<typeof configuredImages.prow>[0])).includes("images.deck"),
    );
  });

  it("Packit's own images follow their tags until a digest is set, and others are pinned by the digest alone", () => {
    const settings = { deployment: "prod", images: { service: { digest: sha("s") } } };
    const all = configuredImages.packit(settings as unknown as Parameters<typeof configuredImages.packit>[0]);
    const packit = stackImages([{ namespace: "packit", images: all, raw: settings }], [], JSON.stringify(all));
    const asked = (name: string): Asked => {
      const found =
        packit.find(({ setting }) => setting === `packit:settings.images.${name}.digest`) ?? assert.fail(name);
      return { ...found, now: sha("now"), built: undefined, problem: undefined };
    };
    assert.equal(pinnedText(asked("nginx")), sha("now"));
    assert.equal(pinnedText(asked("service")), sha("now"));
    assert.equal(asked("service").tag, "prod");
    assert.equal(pinnedText(asked("worker")), undefined);
    assert.equal(leftReason(asked("worker")), "its tag moves with each release of the service");
  });
});

describe("logins to registries", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "logins-"));
  const login = (config: unknown, host: string): ReturnType<ReturnType<typeof readLogins>> => {
    writeFileSync(path.join(dir, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
    return readLogins({ DOCKER_CONFIG: dir })(host);
  };
  after(() => {
    rmSync(dir, { recursive: true });
  });
  const auth = Buffer.from("me:a:b").toString("base64");

  it("are those of docker and podman, by the registry's host, and Docker Hub's by its old address", async () => {
    const me = { user: "me", password: "a:b" };
    assert.deepEqual(await login({ auths: { "quay.io": { auth } } }, "quay.io"), me);
    assert.equal(await login({ auths: { "quay.io": { auth } } }, "gcr.io"), undefined);
    assert.deepEqual(await login({ auths: { "https://index.docker.io/v1/": { auth } } }, "registry-1.docker.io"), me);
    assert.equal(await readLogins({ DOCKER_CONFIG: path.join(dir, "none") })("quay.io"), undefined);
  });

  it("a damaged file is refused in one line without its content", () => {
    assert.throws(
      () => login("me:secret", "quay.io"),
      /config\.json is no file of logins as docker and podman write it; /,
    );
  });

  it("are sent to the registry's own host only", async () => {
    const server = createServer((_, response) => {
      response.writeHead(401, { "www-authenticate": 'Bearer realm="http://other.example/token",service="x"' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const registries = new Registries(() => Promise.resolve({ user: "me", password: "secret" }));
      await assert.rejects(registries.digest(`${host}/a`, "1"), {
        message:
          `the registry ${host} sends its users to http://other.example for a login, which is not asked: ` +
          "it is not the registry's own host; name the image by its digest",
      });
    } finally {
      server.close();
    }
  });
});
