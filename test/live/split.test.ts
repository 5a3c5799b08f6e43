/** A stack with two systems becomes two stacks and one again, under the real engine; nothing on the cluster changes. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { projectDir } from "../../config/stackFile.ts";
import { pulumi, stateOf, type Target } from "../../lab/harness/engine.ts";
import { api } from "../../lab/harness/kube.ts";
import { SystemOnLab } from "../../lab/harness/system.ts";
import { waitForEngines } from "../../ops/lib/decision/engine.ts";

const namespaces = ["cms-dials-test", "stream-dev"];

describe("config split", () => {
  /** The project under links, with stack files of its own. */
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-split-"));
  let stack: SystemOnLab;
  const part = (system: string): Target => ({
    ...stack.target,
    stack: `split-${system}`,
    file: path.join(dir, `Pulumi.split-${system}.yaml`),
  });
  const whole = (): Target => ({ ...stack.target, file: path.join(dir, "Pulumi.split.yaml") });

  before(async () => {
    for (const name of readdirSync(projectDir)) {
      if (!/^(Pulumi\..+\.yaml|\.git|\.lab|\.orrery-.*)$/.test(name))
        symlinkSync(path.join(projectDir, name), path.join(dir, name));
    }
    stack = await SystemOnLab.open("dials", "test", [], { also: ["stream"], as: "split" });
    copyFileSync(stack.target.file, whole().file);
    await stack.assertDeploys();
  });
  after(async () => {
    await stack.close(...namespaces);
    rmSync(dir, { recursive: true, force: true });
  });

  interface Ended {
    readonly code: number | NodeJS.Signals | null;
    readonly text: string;
  }

  /** Runs a command of the linked project. @param until - kills it when its output matches */
  function orrery(words: readonly string[], until?: RegExp): Promise<Ended> {
    const links = ["--preserve-symlinks", "--preserve-symlinks-main"];
    const child = spawn(process.execPath, [...links, "cli/orrery.ts", ...words, "--stack", "split"], {
      cwd: dir,
      env: { ...process.env, ...stack.target.env },
    });
    let text = "";
    const take = (chunk: Buffer): void => {
      text += chunk.toString();
      if (until?.test(text)) child.kill("SIGKILL");
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.stdin.end();
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        resolve({ code: code ?? signal, text });
      });
    });
  }

  /** The objects' own identities: what was made again has others. */
  async function identities(): Promise<readonly string[]> {
    const kinds = ["deployments", "statefulsets"].map((kind) => `/apis/apps/v1/namespaces/%/${kind}`);
    const paths = [...kinds, "/api/v1/namespaces/%/secrets", "/api/v1/namespaces/%/persistentvolumeclaims"];
    const all = await Promise.all(namespaces.flatMap((name) => paths.map((at) => api.list(at.replace("%", name)))));
    return all.flatMap((list) => list.map(({ metadata }) => `${metadata.name} ${String(metadata.uid)}`)).sort();
  }

  async function assertQuiet(target: Target): Promise<void> {
    const { code, text } = await pulumi(["preview", "--expect-no-changes"], target);
    assert.equal(code, 0, text);
  }

  const systemsIn = async (target: Target): Promise<readonly string[]> =>
    (await stateOf(target))
      .filter(({ type }) => type === "orrery:dials:Dials" || type === "orrery:packit:Packit")
      .map(({ urn }) => urn.split("::").at(-1) ?? "")
      .sort();

  /** Leaves what an engine leaves that is killed within a move: both stacks have the system, and a lock of a process that has ended. */
  async function killWithinMove(states: string, from: Target): Promise<void> {
    const { code, text } = await pulumi(["stack", "import", "--file", states], from);
    assert.equal(code, 0, text);
    const backend = new URL(process.env.PULUMI_BACKEND_URL ?? "file:///").pathname;
    const folder = path.join(backend, ".pulumi", "locks", "organization", "orrery", from.stack);
    mkdirSync(folder, { recursive: true });
    const { pid } = spawnSync("true");
    const lock = { pid, username: "root", hostname: hostname(), timestamp: new Date().toISOString() };
    writeFileSync(path.join(folder, `${randomUUID()}.json`), JSON.stringify(lock));
  }

  async function exported(target: Target): Promise<string> {
    const file = path.join(dir, `${target.stack}.json`);
    const { code, text } = await pulumi(["stack", "export", "--file", file], target);
    assert.equal(code, 0, text);
    return file;
  }

  it("moves each system into a stack of its own, whose next preview is empty", async () => {
    const before = await identities();
    assert.ok(before.length > 10);
    const own = part("stream").file;
    writeFileSync(own, "config: {} # somebody's own\n");
    const taken = await orrery(["config", "split", "--yes"]);
    assert.equal(taken.code, 1);
    assert.match(taken.text, /there is Pulumi\.split-stream\.yaml already: nothing was changed/);
    assert.equal(readFileSync(own, "utf8"), "config: {} # somebody's own\n");
    rmSync(own);
    const dry = await orrery(["config", "split", "--dry-run"]);
    assert.equal(dry.text.trim(), "would split split into split-dials, split-stream");
    const { code, text } = await orrery(["config", "split", "--yes"]);
    assert.equal(code, 0, text);
    assert.deepEqual(await systemsIn(whole()), []);
    for (const system of ["dials", "stream"]) {
      assert.deepEqual(await systemsIn(part(system)), [system]);
      await assertQuiet(part(system));
    }
    assert.deepEqual(await identities(), before);
    assert.ok(!existsSync(`${whole().file}.journal`));
  });

  it("refuses what is older than the split, which would make all systems again", async () => {
    const [before, split] = [await identities(), readFileSync(whole().file, "utf8")];
    copyFileSync(stack.target.file, whole().file);
    try {
      for (const words of [["preview"], ["up", "--yes", "--skip-preview"]]) {
        const { code, text } = await pulumi(words, whole());
        assert.notEqual(code, 0, text);
        assert.match(text, /stack split-(dials|stream) has \1, and stack split does not; nothing was changed/);
        assert.doesNotMatch(text, /\n\s+at .*:\d+:\d+| \+ {2}kubernetes:/);
      }
    } finally {
      writeFileSync(whole().file, split);
    }
    assert.deepEqual(await systemsIn(whole()), []);
    assert.deepEqual(await identities(), before);
  });

  it("leaves each system in its own stack when --back is killed between two systems", async () => {
    const before = await identities();
    const was = readFileSync(whole().file, "utf8");
    const state = await exported(part("dials"));
    const files = ["dials", "stream"].map((system) => readFileSync(part(system).file, "utf8"));
    const { code } = await orrery(["config", "split", "--back", "--yes"], /split: has dials again/);
    assert.equal(code, "SIGKILL");
    assert.ok((await systemsIn(whole())).includes("dials"));
    await waitForEngines(["split-stream"]);
    await killWithinMove(state, part("dials"));
    const next = await orrery(["config", "check"]);
    assert.match(
      next.text,
      /config split --back .* was interrupted: .*dials, stream are in stacks of their own as before/,
    );
    assert.equal(readFileSync(whole().file, "utf8"), was);
    assert.deepEqual(
      ["dials", "stream"].map((system) => readFileSync(part(system).file, "utf8")),
      files,
    );
    for (const system of ["dials", "stream"]) {
      assert.deepEqual(await systemsIn(part(system)), [system]);
      await assertQuiet(part(system));
    }
    assert.deepEqual(await identities(), before);
  });

  it("is refused again, and --back makes one stack of them, with nothing to change", async () => {
    const before = await identities();
    assert.match((await orrery(["config", "split", "--yes"])).text, /names no system: there is nothing to split/);
    const { code, text } = await orrery(["config", "split", "--back", "--yes"]);
    assert.equal(code, 0, text);
    assert.deepEqual(await systemsIn(whole()), ["dials", "stream"]);
    await assertQuiet(whole());
    assert.deepEqual(await identities(), before);
    for (const system of ["dials", "stream"]) assert.ok(!existsSync(part(system).file));
  });

  it("is taken back whole by the next command when it was killed between two systems", async () => {
    const before = await identities();
    const was = readFileSync(whole().file, "utf8");
    const state = await exported(whole());
    const { code } = await orrery(["config", "split", "--yes"], /split-dials: has its system now/);
    assert.equal(code, "SIGKILL");
    assert.deepEqual(await systemsIn(part("dials")), ["dials"]);
    await waitForEngines(["split-stream"]);
    await killWithinMove(state, whole());
    const next = await orrery(["config", "check"]);
    assert.match(
      next.text,
      /config split of stack split .* was interrupted: .*dials, stream are in stack split as before/,
    );
    assert.equal(readFileSync(whole().file, "utf8"), was);
    assert.deepEqual(await systemsIn(whole()), ["dials", "stream"]);
    for (const system of ["dials", "stream"]) assert.ok(!existsSync(part(system).file));
    await assertQuiet(whole());
    assert.deepEqual(await identities(), before);
  });
});
