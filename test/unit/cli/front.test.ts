/** `orrery.mjs` and completion, each as a shell runs it. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { stackNames } from "../../../config/stackFile.ts";
import { projectDir } from "../../../config/stackFile.ts";
import { inWords } from "../../../cli/main.ts";
import { orrery } from "./run.ts";

describe("orrery.mjs", () => {
  /** A project whose only command line is this program, with or without node_modules. */
  function inProject(work: (front: string) => void | Promise<void>, program?: string): Promise<void> {
    const dir = mkdtempSync(path.join(tmpdir(), "orrery-front-"));
    mkdirSync(path.join(dir, "config"));
    for (const file of ["orrery.mjs", "package.json", "config/nodeVersion.mjs"]) {
      copyFileSync(path.join(projectDir, file), path.join(dir, file));
    }
    if (program !== undefined) {
      mkdirSync(path.join(dir, "node_modules", ".bin"), { recursive: true });
      mkdirSync(path.join(dir, "cli"));
      writeFileSync(path.join(dir, "cli", "orrery.ts"), program);
    }
    return Promise.resolve(work(path.join(dir, "orrery.mjs"))).finally(() => {
      rmSync(dir, { recursive: true });
    });
  }

  it("says what to do where node_modules is missing", () =>
    inProject((front) => {
      const { status, stderr } = spawnSync(process.execPath, [front, "--version"], { encoding: "utf8" });
      assert.equal(status, 1);
      assert.match(stderr, /^orrery: \S+ has no node_modules; run "npm ci --ignore-scripts" there first\n$/);
    }));

  it("passes words, standard input and the exit code through", () =>
    inProject(
      (front) => {
        const { status, stdout } = spawnSync(process.execPath, [front, "a b", "--", "-h"], {
          encoding: "utf8",
          input: "text",
        });
        assert.deepEqual([status, stdout], [7, '["a b","--","-h"] text']);
      },
      `import { readFileSync } from "node:fs";
      process.stdout.write(JSON.stringify(process.argv.slice(2)) + " " + readFileSync(0, "utf8"));
      process.exitCode = 7;`,
    ));

  it("passes a signal on and waits for the end", () =>
    inProject(
      async (front) => {
        const child = spawn(process.execPath, [front], { stdio: ["ignore", "pipe", "inherit"] });
        child.stdout.once("data", () => child.kill("SIGTERM"));
        const code = await new Promise((resolve) => child.on("exit", resolve));
        assert.equal(code, 3);
      },
      `process.on("SIGTERM", () => process.exit(3));
      setInterval(() => undefined, 1000);
      console.log("ready");`,
    ));

  it("hands over to the project's own Node where the machine's is too old, with its signals and exit code", () =>
    inProject(
      async (front) => {
        const script = `if (!process.env.OWN) Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });`;
        const old = ["--import", `data:text/javascript,${encodeURIComponent(script)}`, front, "a"];
        const own = path.join(path.dirname(front), "node_modules", ".bin", "node");
        writeFileSync(own, `#!/bin/sh\nOWN=1 exec '${process.execPath}' "$@"\n`, { mode: 0o755 });
        const child = spawn(process.execPath, old, { stdio: ["ignore", "pipe", "inherit"] });
        let said = "";
        child.stdout.on("data", (chunk: Buffer) => {
          said += chunk.toString();
          child.kill("SIGTERM");
        });
        assert.equal(await new Promise((resolve) => child.on("close", resolve)), 3);
        assert.equal(said, "ready a\n");
        rmSync(own);
        const { status, stderr } = spawnSync(process.execPath, old, { encoding: "utf8" });
        assert.equal(status, 1);
        assert.match(stderr, /^orrery: Node 20\.20\.2 is too old: [^\n]*\n$/);
      },
      `process.on("SIGTERM", () => process.exit(3));
      setInterval(() => undefined, 1000);
      console.log("ready", process.argv[2]);`,
    ));
});

describe("What the file system refuses", () => {
  it("names the folder in which no temporary one can be made, not its template", () => {
    const folder = path.join(tmpdir(), "orrery-is-not-there");
    let said = "";
    try {
      mkdtempSync(path.join(folder, ".orrery-"));
    } catch (error) {
      said = inWords(error);
    }
    assert.equal(said, `${folder}: there is no such file or folder`);
  });

  it("is no missing folder where one could not be made, as on a read-only file system", () => {
    const error = Object.assign(new Error("ENOENT: no such file or directory, mkdir 'a/b'"), {
      ...{ code: "ENOENT", syscall: "mkdir", path: "a/b" },
    });
    assert.equal(inWords(error), "a/b: the folder cannot be made there");
  });
});

describe("Completion", () => {
  it("offers commands, options and values in bash", async () => {
    const { stdout: script } = await orrery("completion", "bash");
    const dir = mkdtempSync(path.join(tmpdir(), "orrery-completion-"));
    try {
      const file = path.join(dir, "orrery.bash");
      writeFileSync(file, script);
      const offered = (...words: readonly string[]): readonly string[] => {
        const run = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _orrery; printf '%s\\n' "\${COMPREPLY[@]}"`;
        const options = { encoding: "utf8", cwd: dir } as const;
        const { stdout, stderr } = spawnSync("bash", ["-c", run, file, "orrery", ...words], options);
        assert.equal(stderr, "");
        return stdout.split("\n").filter((word) => word !== "");
      };
      assert.deepEqual(offered("cally"), ["callysto"]);
      assert.deepEqual(offered("callysto", "ba"), ["ban"]);
      assert.deepEqual(offered("callysto", "ban", "--dr"), ["--dry-run"]);
      assert.deepEqual(offered("callysto", "ban", "someone", "--stack", ""), stackNames());
      assert.deepEqual(
        offered("callysto", "ban", "-s", "pro"),
        stackNames().filter((one) => one.startsWith("pro")),
      );
      assert.deepEqual(offered("callysto", "new", "x", "--template", ""), ["dev", "prod"]);
      assert.deepEqual(offered("callysto", "quota", "g"), ["get"]);
      assert.deepEqual(offered("render", "--comparison", "orrery.b"), ["orrery.bash"]);
      assert.deepEqual(offered("callysto", "announcement", "--no"), ["--no-up"]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  for (const [shell, ask] of [
    ["fish", 'source $argv[1]; complete -C "orrery $argv[2]" | string replace -r "\\t.*" ""'],
    ["zsh", "compdef() { }; source $1; print -l ${=$(_orrery_candidates ${=2% *})}"],
  ] as const) {
    it(`offers the same in ${shell}, where it is installed`, async function () {
      if (spawnSync(shell, ["--version"]).status !== 0) this.skip(); // no such shell on this machine
      const { code, stdout: script } = await orrery("completion", shell);
      assert.equal(code, 0);
      const dir = mkdtempSync(path.join(tmpdir(), "orrery-completion-"));
      try {
        const file = path.join(dir, "completion");
        writeFileSync(file, script);
        const offered = (line: string): readonly string[] => {
          const words = shell === "fish" ? ["-N", "-c", ask] : ["-f", "-c", ask, shell];
          const options = { encoding: "utf8", cwd: dir, env: { PATH: process.env.PATH, HOME: dir } } as const;
          const { stdout, stderr } = spawnSync(shell, [...words, file, line], options);
          assert.equal(stderr, "");
          return stdout.split("\n").filter((word) => /^\w/.test(word));
        };
        assert.deepEqual(offered("state "), ["backup", "backups", "recover", "restore", "status"]);
        assert.deepEqual(offered("callysto ban someone --stack "), stackNames());
        assert.deepEqual(offered("callysto new x --template "), ["dev", "prod"]);
      } finally {
        rmSync(dir, { recursive: true });
      }
    });
  }

  it("has a word for every shell", async () => {
    assert.equal((await orrery("completion", "tcsh")).code, 2);
  });
});
