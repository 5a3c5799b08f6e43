/** The toolchain's artifacts: downloaded if possible, otherwise built, completely or not at all, by one process at a time. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import type { Source } from "../../../lab/toolchain/download.ts";
import { duration, makePiece, pieceFolder, type Workshop } from "../../../lab/toolchain/make.ts";
import type { Piece } from "../../../lab/toolchain/pieces.ts";

const module = (name: string): string => path.join(import.meta.dirname, "../../../lab/toolchain", name);

/** A piece whose building is a link to /bin/true. */
const piece = (changes: Partial<Piece> = {}): Piece => ({
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
  const shop = (source: Partial<Source> = {}): Workshop => ({
    cache,
    source: { base: base(), patience: 30_000, silent: new Map(), ...source },
    log: (line) => lines.push(line),
  });
  const tool = (made: Piece): string => readFileSync(path.join(pieceFolder(cache, made), "tool"), "utf8");
  const builtBecause = (reason: RegExp): void => {
    assert.match(lines[0] ?? "", reason);
    assert.match(lines[1] ?? "", /: built in \d+ s$/);
    assert.equal(tool(piece()), readFileSync("/bin/true", "utf8"));
  };

  it("an artifact is downloaded and unpacked where its release is available", async () => {
    await makePiece(piece(), "[1/1] fake", shop());
    assert.deepEqual(asked, ["/downloads.example/releases/tool.tar.gz"]);
    assert.ok(tool(piece()) === "official", `it was made otherwise: ${lines.join()}`);
    assert.equal(existsSync(path.join(pieceFolder(cache, piece()), "README")), false);
    assert.match(lines.join(), /^\[1\/1\] fake: downloaded in \d+ s$/);
    await makePiece(piece(), "[1/1] fake", shop());
    assert.equal(asked.length, 1);
  });

  it("an artifact may be a single program with a script next to it", async () => {
    answer = (response) => response.end("program");
    const bare = piece({
      files: ["tool", "front"],
      releases: [{ url: "https://d.example/tool-linux-amd64", to: "tool" }],
      scripts: { front: "#!/bin/sh\n" },
    });
    await makePiece(bare, "x", shop());
    assert.equal(tool(bare), "program");
    assert.equal(statSync(path.join(pieceFolder(cache, bare), "front")).mode & 0o111, 0o111);
  });

  it("an artifact is built where its release is missing", async () => {
    answer = (response) => response.writeHead(404).end();
    await makePiece(piece(), "x", shop());
    builtBecause(/downloads\.example has no tool\.tar\.gz \(status 404\)/);
  });

  it("an artifact is built when the transfer breaks off", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-length": tarball.length });
      response.write(tarball.subarray(0, 20), () => response.destroy());
    };
    await makePiece(piece(), "x", shop());
    builtBecause(/tool\.tar\.gz from downloads\.example is not whole/);
  });

  it("an artifact is built when its archive is truncated or something else", async () => {
    answer = (response) => response.end(tarball.subarray(0, tarball.length - 20));
    await makePiece(piece(), "x", shop());
    builtBecause(/is not whole/);
  });

  it("an artifact is built at once when a host does not answer, and the host is not tried again", async () => {
    answer = () => undefined; // never
    const patient = shop({ patience: 300 });
    await makePiece(piece(), "x", patient);
    builtBecause(/downloads\.example does not answer \(timed out\)/);
    await makePiece(piece({ name: "other" }), "x", patient);
    assert.equal(asked.length, 1);
    lines = [];
    rmSync(pieceFolder(cache, piece()), { recursive: true });
    await makePiece(piece(), "x", shop({ base: "http://127.0.0.1:1" }));
    builtBecause(/does not answer/);
  });

  it("an artifact is not taken from an interrupted build's remains", async () => {
    const half = path.join(cache, "pieces", "half", path.basename(pieceFolder(cache, piece())), "out");
    mkdirSync(half, { recursive: true });
    writeFileSync(path.join(half, "tool"), "half");
    await makePiece(piece(), "x", shop({ base: "none" }));
    builtBecause(/downloads are switched off/);
  });

  it("a failed build leaves no artifact, and its error names the log", async () => {
    const step = { do: "run", package: "./nowhere", in: "cli", on: "cli" } as const;
    const broken = piece({ sources: ["cli/go.mod"], steps: [step] });
    await assert.rejects(
      makePiece(broken, "x", shop({ base: "none" })),
      /^Error: go run ended with 1; .*log\/toolchain-fake\.log ends with\n.*nowhere/s,
    );
    assert.equal(existsSync(pieceFolder(cache, broken)), false);
    await assert.rejects(
      makePiece(piece({ steps: [] }), "x", shop({ base: "none" })),
      /was built, but tool is missing/,
    );
  });

  it("an artifact has another folder when anything about it changes", () => {
    const folders = [piece(), piece({ steps: [] }), piece({ sources: ["cli/go.mod"] })].map((p) => pieceFolder("", p));
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
      assert.equal(missing, "Go is missing: the toolchain is built with it; put go 1.26 or newer on PATH.");
      assert.match(
        room ?? "",
        /^Only 0\.0 GB are free at \/proc\/cache: building the toolchain needs 15 GB; make room/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
