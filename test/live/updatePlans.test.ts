/** Why no workflow deploys by a saved plan (docs/releases.md). When the first test fails, the engine has changed: look again. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { root } from "../../lab/settings.ts";
import { ensureToolchain } from "../../lab/toolchain/toolchain.ts";
import { type Ran, run } from "../../ops/lib/process.ts";

/** A password that the engine's random plugin makes, in what another resource gets, as databases' passwords are. */
const program = `
const { Config } = require("@pulumi/pulumi");
const { RandomPassword } = require("@pulumi/random");
const { local } = require("@pulumi/command");
const config = new Config();
const { result } = new RandomPassword("generated", { length: 24, special: false });
const environment = { CONFIGURED: config.requireSecret("password"), GENERATED: result, PLAIN: config.get("plain") ?? "" };
new local.Command("reader", { create: "true", update: "true", environment });
exports.generated = result;
`;

describe("an update by a saved plan", function () {
  this.timeout(300_000);
  const dir = mkdtempSync(path.join(tmpdir(), "plans-"));
  let env: NodeJS.ProcessEnv;
  const pulumi = (...words: readonly string[]): Promise<Ran> =>
    run(path.join(root, "node_modules", ".bin", "pulumi"), [...words, "--stack", "plans", "--non-interactive"], {
      ...{ cwd: dir, env },
    });
  const done = async (...words: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await pulumi(...words);
    assert.equal(status, 0, stdout + stderr);
    return stdout;
  };
  const textOf = (name: string): string => readFileSync(path.join(dir, name), "utf8");

  before(async () => {
    const { pulumiHome } = await ensureToolchain(() => undefined);
    env = {
      ...{ PULUMI_HOME: pulumiHome, PULUMI_BACKEND_URL: `file://${dir}`, PULUMI_CONFIG_PASSPHRASE: "of this test" },
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    writeFileSync(path.join(dir, "Pulumi.yaml"), "name: plans\nruntime: nodejs\n");
    writeFileSync(path.join(dir, "package.json"), '{"name": "plans", "main": "index.js", "type": "commonjs"}\n');
    writeFileSync(path.join(dir, "index.js"), program);
    symlinkSync(path.join(root, "node_modules"), path.join(dir, "node_modules"));
    await done("stack", "init");
    await done("config", "set", "--secret", "password", "configured-in-clear");
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("is refused though nothing differs, where it makes a password for another resource", async () => {
    await done("preview", "--save-plan", path.join(dir, "first.json"));
    const { status, stdout, stderr } = await pulumi("up", "--yes", "--plan", path.join(dir, "first.json"));
    assert.notEqual(status, 0, "the engine takes it now: plans may become an option of deploy.yml");
    assert.match(stdout + stderr, /resource urn:\S+::reader violates plan: properties changed: \+\+environment/);
    await done("up", "--yes");
  });

  it("has the secrets encrypted in the plan's file, those of the config and generated ones", async () => {
    await done("preview", "--save-plan", path.join(dir, "second.json"));
    const generated = (await done("stack", "output", "generated", "--show-secrets")).trim();
    assert.match(generated, /^\w{24}$/);
    for (const name of ["first.json", "second.json"]) {
      assert.match(textOf(name), /"ciphertext":/);
      assert.ok(!textOf(name).includes("configured-in-clear") && !textOf(name).includes(generated), name);
    }
  });

  it("is refused where it is another one than was planned, and names no secret", async () => {
    const generated = (await done("stack", "output", "generated", "--show-secrets")).trim();
    await done("config", "set", "plain", "changed since");
    const { status, stdout, stderr } = await pulumi("up", "--yes", "--plan", path.join(dir, "second.json"));
    assert.notEqual(status, 0);
    assert.match(stdout + stderr, /violates plan: properties changed/);
    for (const secret of [generated, "configured-in-clear"]) assert.ok(!(stdout + stderr).includes(secret));
  });

  it("is therefore in no workflow", () => {
    const folder = path.join(root, ".github", "workflows");
    for (const file of readdirSync(folder))
      assert.doesNotMatch(readFileSync(path.join(folder, file), "utf8"), /^\s*plan:|--(save-)?plan\b/m, file);
  });
});
