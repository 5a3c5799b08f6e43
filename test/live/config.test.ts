import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { projectDir, readStackFile, stackPath } from "../../config/stackFile.ts";

const stacks = ["prod", "stage", "test"];

/** How a command ended. */
interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe("the real CLI and the stack files", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-live-config-"));
  /** Runs the CLI in a folder with copies of the project's files and a backend of its own. */
  const pulumi = (stack: string, args: readonly string[], passphrase = samplePassphrase(stack)): Outcome => {
    const { status, stdout, stderr } = spawnSync("pulumi", [...args, "--stack", stack, "--non-interactive"], {
      cwd: dir,
      encoding: "utf8",
      env: { ...process.env, PULUMI_BACKEND_URL: `file://${dir}`, PULUMI_CONFIG_PASSPHRASE: passphrase },
    });
    return { code: status, out: stdout, err: stderr };
  };
  const copy = (stack: string): string => path.join(dir, `Pulumi.${stack}.yaml`);

  before(() => {
    copyFileSync(path.join(projectDir, "Pulumi.yaml"), path.join(dir, "Pulumi.yaml"));
    for (const stack of stacks) {
      copyFileSync(stackPath(stack), copy(stack));
      assert.equal(pulumi(stack, ["stack", "init"]).code, 0);
    }
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  for (const stack of stacks) {
    it(`the CLI and the project's own code read every value of ${stack} alike`, () => {
      const { out, err, code } = pulumi(stack, ["config", "--show-secrets", "--json"]);
      assert.equal(code, 0, err);
      const read = new Map(Object.entries(JSON.parse(out) as Record<string, { value: string; secret: boolean }>));
      const { entries, encryptionSalt } = readStackFile(copy(stack));
      const crypter = openSalt(encryptionSalt ?? "", samplePassphrase(stack));
      for (const [key, { value, secret }] of entries) {
        const held = read.get(key);
        assert.equal(held?.secret, secret, key);
        if (secret) assert.equal(held.value, crypter.decrypt(value), key);
        else assert.deepEqual(JSON.parse(held.value), JSON.parse(value), key);
      }
    });
  }

  it("the CLI writes secrets that the project's own code reads, and refuses a wrong passphrase in one line", () => {
    assert.equal(pulumi("test", ["config", "set", "--secret", "demo:secret", "häher\nx"]).code, 0);
    const { entries, encryptionSalt } = readStackFile(copy("test"));
    const crypter = openSalt(encryptionSalt ?? "", samplePassphrase("test"));
    assert.equal(crypter.decrypt(entries.get("demo:secret")?.value ?? ""), "häher\nx");

    const { code, err } = pulumi("test", ["config", "get", "demo:secret"], "wrong");
    assert.notEqual(code, 0);
    assert.match(err, /^error: .*incorrect passphrase$/m);
  });

  it("a committed file keeps everything else when the CLI changes a value", () => {
    assert.equal(pulumi("stage", ["config", "set", "demo:x", "1"]).code, 0);
    assert.equal(pulumi("stage", ["config", "rm", "demo:x"]).code, 0);
    assert.equal(readFileSync(copy("stage"), "utf8"), readFileSync(stackPath("stage"), "utf8"));
  });
});
