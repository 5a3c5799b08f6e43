import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { readStrictYaml } from "../../config/strictYaml.ts";
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
        const stored = read.get(key);
        assert.equal(stored?.secret, secret, key);
        if (secret) assert.equal(stored.value, crypter.decrypt(value), key);
        else assert.deepEqual(JSON.parse(stored.value), JSON.parse(value), key);
      }
    });
  }

  it("the engine reads every unquoted scalar as the project does, or the project refuses it", () => {
    const digits = fc.oneof(
      fc.stringMatching(/^[-+]?0[0-7_]{1,6}$/),
      fc.stringMatching(/^[-+]?0[xXbBoO][0-9a-f_]{1,5}$/),
      fc.stringMatching(/^[-+]?[0-9][0-9_]{0,8}([.][0-9_]{0,3})?([eE][+-]?[0-9]{1,3})?$/),
      fc.stringMatching(/^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+]01:00)?)?$/),
      fc.stringMatching(/^[-+]?[0-9._exXobBaAfFTtZ:-]{1,12}$/),
    );
    const fixed =
      "0150 0x32 0b11 1_000 017 08 2001-12-14 2001-12-14T10:00:00Z 12:30 1e3 1. .5 -0 9007199254740993 1e400 yes no on y TRUE ~";
    const scalars = [...fixed.split(" "), ...fc.sample(digits, { numRuns: 1500, seed: 7 })].filter(
      (text) => !/^[-.]+$|: |^[-?:] |:$/.test(text),
    );
    const keys = scalars.flatMap((text, index) => {
      const line = `  demo:key${index}:\n    value: ${text}`;
      const { problems, content } = readStrictYaml(`config:\n${line}\n`);
      return problems.length > 0 ? [] : [{ key: `demo:key${index}`, text, line, content }];
    });
    assert.ok(keys.length > 300 && keys.length < scalars.length - 100, `${keys.length} of ${scalars.length}`);
    const file = copy("test");
    const before = readFileSync(file);
    try {
      writeFileSync(file, `config:\n${keys.map(({ line }) => line).join("\n")}\n`);
      const { out, err, code } = pulumi("test", ["config", "--json"]);
      assert.equal(code, 0, err);
      const read = JSON.parse(out) as Record<string, { value: string }>;
      for (const { key, text, content } of keys) {
        const { config } = content as { config: Record<string, unknown> };
        assert.deepEqual(JSON.parse(read[key]?.value ?? "null"), JSON.parse(JSON.stringify(config[key])), text);
      }
    } finally {
      writeFileSync(file, before);
    }
  });

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
