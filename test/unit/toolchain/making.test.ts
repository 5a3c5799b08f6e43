/** The toolchain's artifacts: downloaded if possible, otherwise built, completely or not at all, by one process at a time. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import type { Source } from "../../../lab/toolchain/download.ts";
import { duration, buildArtifact, artifactFolder, type BuildEnvironment } from "../../../lab/toolchain/build.ts";
import type { Artifact } from "../../../lab/toolchain/artifacts.ts";

const module = (name: string): string => path.join(import.meta.dirname, "../../../lab/toolchain", name);

/** A piece whose building is a link to /bin/true. */
const artifact = (changes: Partial<Artifact> = {}): Artifact => ({
  name: "fake",
  minutes: 1,
  files: ["tool"],
  releases: [{ url: "https://downloads.example/releases/tool.tar.gz", strip: 1, members: ["top/tool"] }],
  sources: [],
  steps: [{ do: "link", to: "tool", file: "/bin/true" }],
  ...changes,
});

describe("artifacts of the toolchain", () => {
  let cache: string;
  let server: Server;
  let answer: (response: ServerResponse, url: string) => void;
  let asked: string[];
  let lines: string[];
  let tarball: Buffer;

  before(async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-tar-"));
    mkdirSync(path.join(folder, "top"));
    writeFileSync(path.join(folder, "top", "tool"), "official");
    writeFileSync(path.join(folder, "top", "README"), "no");
    tarball = execFileSync("tar", ["-czf", "-", "-C", folder, "top"]);
    rmSync(folder, { recursive: true });
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      answer(response, request.url ?? "");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), "orrery-cache-"));
    mkdirSync(path.join(cache, "log"));
    asked = [];
    lines = [];
    answer = (response) => response.end(tarball);
  });
  afterEach(() => {
    rmSync(cache, { recursive: true });
  });

  const base = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const shop = (source: Partial<Source> = {}): BuildEnvironment => ({
    cache,
    source: { base: base(), timeout: 30_000, unreachable: new Map(), ...source },
    log: (line) => lines.push(line),
  });
  const tool = (made: Artifact): string => readFileSync(path.join(artifactFolder(cache, made), "tool"), "utf8");
  const builtBecause = (reason: RegExp): void => {
    assert.match(lines[0] ?? "", reason);
    assert.match(lines[1] ?? "", /: built in \d+ s$/);
    assert.equal(tool(artifact()), readFileSync("/bin/true", "utf8"));
  };

  it("an artifact is downloaded and unpacked where its release is available", async () => {
    await buildArtifact(artifact(), "[1/1] fake", shop());
    assert.deepEqual(asked, ["/downloads.example/releases/tool.tar.gz"]);
    assert.ok(tool(artifact()) === "official", `it was made otherwise: ${lines.join()}`);
    assert.equal(existsSync(path.join(artifactFolder(cache, artifact()), "README")), false);
    assert.match(lines.join(), /^\[1\/1\] fake: downloaded in \d+ s$/);
    await buildArtifact(artifact(), "[1/1] fake", shop());
    assert.equal(asked.length, 1);
  });

  it("an artifact may be a single program with a script next to it", async () => {
    answer = (response) => response.end("program");
    const bare = artifact({
      files: ["tool", "front"],
      releases: [{ url: "https://d.example/tool-linux-amd64", to: "tool" }],
      scripts: { front: "#!/bin/sh\n" },
    });
    await buildArtifact(bare, "x", shop());
    assert.equal(tool(bare), "program");
    assert.equal(statSync(path.join(artifactFolder(cache, bare), "front")).mode & 0o111, 0o111);
  });

  it("an artifact is built where its release is missing", async () => {
    answer = (response) => response.writeHead(404).end();
    await buildArtifact(artifact(), "x", shop());
    builtBecause(/downloads\.example has no tool\.tar\.gz \(status 404\)/);
  });

  it("an artifact is built when the transfer breaks off", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-length": tarball.length });
      response.write(tarball.subarray(0, 20), () => response.destroy());
    };
    await buildArtifact(artifact(), "x", shop());
    builtBecause(/tool\.tar\.gz from downloads\.example is incomplete/);
  });

  it("an artifact is built when its archive is truncated or something else", async () => {
    answer = (response) => response.end(tarball.subarray(0, tarball.length - 20));
    await buildArtifact(artifact(), "x", shop());
    builtBecause(/is incomplete/);
  });

  describe("whose publisher offers checksums", () => {
    const sum = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
    const releases = {
      "https://dl.k8s.io/v1/bin/tool": ["/dl.k8s.io/v1/bin/tool.sha256", sum("program")],
      "https://github.com/etcd-io/etcd/releases/download/v1/tool": [
        "/github.com/etcd-io/etcd/releases/download/v1/SHA256SUMS",
        `${sum("other")}  other\n${sum("program")}  tool\n`,
      ],
      "https://get.pulumi.com/releases/sdk/pulumi-v3.1.2-linux-x64": [
        "/get.pulumi.com/releases/sdk/pulumi-3.1.2-checksums.txt",
        `${sum("program")}  pulumi-v3.1.2-linux-x64\n`,
      ],
    } as const;
    for (const [url, [list, text]] of Object.entries(releases)) {
      const bare = artifact({ releases: [{ url, to: "tool" }] });
      const serve = (program: string, sums: string | undefined): void => {
        answer = (response, asked) => {
          if (asked !== list) response.end(program);
          else if (sums === undefined) response.writeHead(404).end();
          else response.end(sums);
        };
      };
      const built = (reason: RegExp): void => {
        assert.match(lines[0] ?? "", reason);
        assert.equal(tool(bare), readFileSync("/bin/true", "utf8"));
      };

      it(`a download from ${new URL(url).host} is taken if it is what the checksum says`, async () => {
        serve("program", text);
        await buildArtifact(bare, "x", shop());
        assert.equal(tool(bare), "program");
      });

      it(`a download from ${new URL(url).host} is not taken if it differs from its checksum or has none`, async () => {
        serve("changed", text);
        await buildArtifact(bare, "x", shop());
        built(/building.*is not what its publisher's checksum says$/);
        for (const sums of [undefined, "", `${sum("program")}  another\n${sum("x")}  more`]) {
          rmSync(artifactFolder(cache, bare), { recursive: true });
          lines = [];
          serve("program", sums);
          await buildArtifact(bare, "x", shop());
          built(/building.*has no checksum to compare with/);
        }
      });
    }
  });

  it("a download follows redirects, but from https to nothing else", async () => {
    answer = (response, url) => {
      if (url === "/elsewhere") response.end(tarball);
      else response.writeHead(302, { location: "/elsewhere" }).end();
    };
    await buildArtifact(artifact(), "x", shop());
    assert.equal(tool(artifact()), "official");
    rmSync(artifactFolder(cache, artifact()), { recursive: true });
    lines = [];
    const real = globalThis.fetch;
    globalThis.fetch = () =>
      Promise.resolve(new Response(null, { status: 302, headers: { location: "http://downloads.example/tool" } }));
    try {
      await buildArtifact(artifact(), "x", shop({ base: undefined }));
    } finally {
      globalThis.fetch = real;
    }
    builtBecause(/downloads\.example leads to http:\/\/downloads\.example, which is not encrypted/);
  });

  it("an artifact is built at once when a host does not respond, and the host is not asked again", async () => {
    answer = () => undefined; // never
    const patient = shop({ timeout: 300 });
    await buildArtifact(artifact(), "x", patient);
    builtBecause(/downloads\.example does not respond \(timed out\)/);
    await buildArtifact(artifact({ name: "other" }), "x", patient);
    assert.equal(asked.length, 1);
    lines = [];
    rmSync(artifactFolder(cache, artifact()), { recursive: true });
    await buildArtifact(artifact(), "x", shop({ base: "http://127.0.0.1:1" }));
    builtBecause(/does not respond/);
  });

  it("an artifact is not taken from an interrupted build's remains", async () => {
    const half = path.join(cache, "pieces", "partial", path.basename(artifactFolder(cache, artifact())), "out");
    mkdirSync(half, { recursive: true });
    writeFileSync(path.join(half, "tool"), "half");
    await buildArtifact(artifact(), "x", shop({ base: "none" }));
    builtBecause(/downloads are disabled/);
  });

  it("a failed build leaves no artifact, and its error names the log", async function () {
    if (spawnSync("go", ["version"]).status !== 0) this.skip(); // only the lab needs Go
    const step = { do: "run", package: "./nowhere", in: "cli", on: "cli" } as const;
    const broken = artifact({ sources: ["cli/go.mod"], steps: [step] });
    await assert.rejects(
      buildArtifact(broken, "x", shop({ base: "none" })),
      /^Error: go run ended with 1; .*log\/toolchain-fake\.log ends with\n.*nowhere/s,
    );
    assert.equal(existsSync(artifactFolder(cache, broken)), false);
    await assert.rejects(
      buildArtifact(artifact({ steps: [] }), "x", shop({ base: "none" })),
      /was built, but tool is missing/,
    );
  });

  it("an artifact has another folder when anything about it changes", () => {
    const folders = [artifact(), artifact({ steps: [] }), artifact({ sources: ["cli/go.mod"] })].map((p) =>
      artifactFolder("", p),
    );
    assert.equal(new Set(folders).size, 3);
    assert.match(folders[0] ?? "", /pieces\/fake-[0-9a-f]{12}$/);
  });

  it("durations are written as people say them", () => {
    assert.deepEqual([400, 59_400, 412_000].map(duration), ["0 s", "59 s", "6 min 52 s"]);
  });
});

describe("requirements of the toolchain", () => {
  const check = (env: Record<string, string>): string[] => {
    const script = `import { checkToolchain } from "${module("toolchain.ts")}"; console.log(JSON.stringify(checkToolchain()));`;
    const options = { encoding: "utf8", env: { HOME: "/nonexistent", PATH: "/nonexistent", ...env } } as const;
    return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script], options)) as string[];
  };

  it("missing Go 1.26 and missing disk space are each reported in one sentence", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orrery-go-"));
    try {
      writeFileSync(path.join(folder, "go"), "#!/bin/sh\necho go1.25.3\n", { mode: 0o755 });
      const [old] = check({ ORRERY_CACHE: path.join(folder, "cache"), PATH: `${folder}:/bin` });
      assert.equal(old, "Go 1.25 is too old: the toolchain is built with Go 1.26 or newer; put it on PATH.");
      assert.equal(existsSync(path.join(folder, "cache")), false);
      const [missing, room] = check({ ORRERY_CACHE: "/proc/cache" });
      assert.equal(missing, "Go is missing: the toolchain is built with Go 1.26 or newer; put it on PATH.");
      assert.match(
        room ?? "",
        /^Only 0\.0 GB are free at \/proc\/cache: building the toolchain takes 15 GB; free some space/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
