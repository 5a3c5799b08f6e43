/**
 * `orrery backup` and `drill` of a state that is in PostgreSQL, where nobody but the engine reads it: Debian's server, the real engine, a
 * real restic with a folder as its repository. Pulumi Cloud is asked by the same command of the engine; it cannot be tried here. No lab is needed.
 */
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { projectDir, readStackFile, stackPath } from "../../config/stackFile.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { ScratchServer } from "../../ops/lib/backups/scratchServer.ts";
import { pulumiProgram } from "../../ops/lib/pulumi.ts";
import { type Ran, run } from "../../ops/lib/process.ts";
import type { Exported } from "../../ops/lib/state/export.ts";

const stack = "test";
const password = "of-postgresql";
/** How the engine marks a secret. */
const secretMark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

describe("backups of a state in PostgreSQL", function () {
  this.timeout(300_000);
  const dir = mkdtempSync(path.join(tmpdir(), "state-in-postgresql-"));
  const at = (...names: readonly string[]): string => path.join(dir, ...names);
  const repository = {
    RESTIC_REPOSITORY: at("repository"),
    RESTIC_PASSWORD: "of-restic",
    RESTIC_CACHE_DIR: at("cache"),
  };
  const passphrase = { PULUMI_CONFIG_PASSPHRASE: samplePassphrase(stack) };
  let server: ScratchServer;
  let first: Exported;

  const backend = (database: string): NodeJS.ProcessEnv => ({
    PULUMI_BACKEND_URL: `postgres://pulumi:${password}@/${database}?host=${server.folder}&sslmode=disable`,
  });
  /** In a copy of the project, as the engine writes into the stack's file. */
  const engine = (words: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> =>
    run(pulumiProgram, [...words, "--stack", stack, "--non-interactive"], {
      cwd: at("project"),
      env: { ...passphrase, ...env },
    });
  const orrery = (words: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> =>
    run(process.execPath, ["orrery.mjs", ...words, "--stack", stack], {
      cwd: projectDir,
      env: { ...repository, ...env },
      timeout: 120,
    });

  /** In clear, as the engine encrypts each time in another way. */
  const exportOf = async (database: string): Promise<Exported> =>
    JSON.parse((await engine(["stack", "export", "--show-secrets"], backend(database))).stdout) as Exported;

  before(async () => {
    await installPackages(["restic", "postgresql-15"], () => undefined);
    server = await ScratchServer.start(() => Promise.resolve(), new AbortController().signal);
    await server.ask(`CREATE ROLE pulumi LOGIN PASSWORD '${password}'`);
    for (const name of ["here", "there", "nothing"]) await server.ask(`CREATE DATABASE ${name} OWNER pulumi`);
    mkdirSync(at("project"));
    for (const file of ["Pulumi.yaml", path.basename(stackPath(stack))])
      copyFileSync(path.join(projectDir, file), at("project", file));
    const made = await run(pulumiProgram, ["stack", "init", stack, "--non-interactive"], {
      cwd: at("project"),
      env: { ...passphrase, ...backend("here") },
    });
    assert.equal(made.status, 0, made.stderr);
    const empty = JSON.parse((await engine(["stack", "export"], backend("here"))).stdout) as Exported;
    const { encryptionSalt = "" } = readStackFile(stackPath(stack));
    const ciphertext = openSalt(encryptionSalt, samplePassphrase(stack)).encrypt(JSON.stringify("a secret"));
    const urn = (type: string, name: string): string => `urn:pulumi:${stack}::orrery::${type}::${name}`;
    const root = { urn: urn("pulumi:pulumi:Stack", `orrery-${stack}`), custom: false, type: "pulumi:pulumi:Stack" };
    const outputs = { address: "192.0.2.1", login: { ...secretMark, ciphertext } };
    const resources = [{ ...root, outputs }];
    writeFileSync(at("state.json"), JSON.stringify({ ...empty, deployment: { ...empty.deployment, resources } }));
    const imported = await engine(["stack", "import", "--file", at("state.json")], backend("here"));
    assert.equal(imported.status, 0, imported.stderr);
    first = await exportOf("here");
    assert.equal(first.deployment.resources?.length, 1);
  });
  after(async () => {
    await server.stop();
    rmSync(dir, { recursive: true });
  });

  it("backup saves what the engine exports, with its secrets encrypted, and needs no passphrase", async () => {
    const saved = await orrery(["backup"], backend("here"));
    assert.equal(saved.status, 0, saved.stderr);
    assert.match(saved.stdout, /^saved 1 resources of test and its file in \S+, and checked it$/m);
    assert.ok(!`${saved.stdout}${saved.stderr}`.includes(password));
  });

  it("drill finds it whole", async () => {
    const drilled = await orrery(["drill", "--only", "stack/state"], { ...passphrase, ...backend("here") });
    assert.equal(drilled.status, 0, drilled.stdout + drilled.stderr);
    assert.match(drilled.stdout, /stack\/state +is whole: 1 resources and the stack's file/);
  });

  it("the restored export makes the same state in an empty database", async () => {
    const restored = await run("restic", ["restore", "latest", "--host", "pulumi-test", "--target", at("restored")], {
      env: repository,
    });
    assert.equal(restored.status, 0, restored.stderr);
    const [file = ""] = globSync(at("restored/**/export-test.json"));
    assert.ok(existsSync(file));
    assert.ok(!readFileSync(file, "utf8").includes("a secret"));
    const init = ["stack", "init", stack, "--non-interactive"];
    const env = { ...passphrase, ...backend("there") };
    assert.equal((await run(pulumiProgram, init, { cwd: at("project"), env })).status, 0);
    const imported = await engine(["stack", "import", "--file", file], backend("there"));
    assert.equal(imported.status, 0, imported.stderr);
    const now = await exportOf("there");
    assert.match(JSON.stringify(now.deployment.resources), /a secret/);
    assert.deepEqual(now.deployment.resources, first.deployment.resources);
  });

  it("a stack that the backend does not have, and a backend that does not answer, are said without its password", async () => {
    for (const [database, words] of [
      ["nothing", /has no state of stack test/],
      ["missing", /the backend cannot be reached: .*"missing" does not exist/],
    ] as const) {
      const { status, stdout, stderr } = await orrery(["backup"], backend(database));
      assert.equal(status, 1);
      assert.match(stderr, words);
      assert.ok(!`${stdout}${stderr}`.includes(password), stderr);
    }
  });
});
