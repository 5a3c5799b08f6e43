import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { aim, labKubeconfig } from "../../config/aim.ts";
import { parseConfig } from "../../config/parse.ts";
import { type Crypter, newSalt, openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { projectDir, readStackFile, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../config/systems.ts";
import { stacks } from "./harness.ts";

const all = Object.values(schemas);

/** Opens a salt of a committed file; each is opened once, as that takes a quarter of a second. */
const crypters = new Map<string, Crypter>();
function committed(stack: string, salt = ""): Crypter {
  const crypter = crypters.get(salt) ?? openSalt(salt, samplePassphrase(stack));
  crypters.set(salt, crypter);
  return crypter;
}

describe("committed stack files", () => {
  const files = new Map(stacks.map((stack) => [stack, readStackFile(stackPath(stack))]));

  it("have a salt of their own each", () => {
    const salts = [...files.values()].map(({ encryptionSalt }) => encryptionSalt?.split(":")[1]);
    assert.ok(!salts.includes(undefined));
    assert.equal(new Set(salts).size, salts.length);
  });

  it("share no ciphertext", () => {
    const texts = [...files.values()].flatMap(({ entries }) =>
      [...entries.values()].filter(({ secret }) => secret).map(({ value }) => value),
    );
    assert.equal(new Set(texts).size, texts.length);
  });

  for (const [stack, file] of files) {
    it(`of ${stack}: every key but the settings is encrypted, opens with the passphrase and passes its check`, () => {
      const crypter = committed(stack, file.encryptionSalt);
      const config = new Map(
        [...file.entries].map(([key, { value, secret }]) => {
          assert.equal(secret, !key.endsWith(":settings") && !key.startsWith("pulumi:"), key);
          return [key, { value: secret ? crypter.decrypt(value) : value, secret }];
        }),
      );
      assert.deepEqual(parseConfig(config, all).problems, []);
    });
  }
});

describe("Pulumi's passphrase encryption", () => {
  it("refuses a wrong passphrase, a changed value and a malformed salt", () => {
    const salt = newSalt("right");
    const crypter = openSalt(salt, "right");
    const value = crypter.encrypt("häher\n");
    assert.equal(crypter.decrypt(value), "häher\n");
    assert.notEqual(crypter.encrypt("häher\n"), value, "another nonce each time");
    assert.match(salt, /^v1:[A-Za-z0-9+/]{11}=:v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/]+=*$/);
    assert.throws(() => openSalt(salt, "wrong"), /incorrect passphrase; set PULUMI_CONFIG_PASSPHRASE/);
    assert.throws(() => openSalt("v1:x", "right"), /encryptionsalt is malformed/);
    assert.throws(() => crypter.decrypt(value.slice(0, -6) + "AAAA=="), /authenticate/);
    assert.throws(() => crypter.decrypt("plain"), /malformed/);
  });
});

describe("aiming at the lab", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-aim-"));
  after(() => {
    rmSync(dir, { recursive: true });
  });

  for (const stack of stacks) {
    it(`points every cluster and cloud of ${stack} there, and changes nothing else`, () => {
      const target = path.join(dir, `Pulumi.${stack}.yaml`);
      const lab = { ports: { keystone: 16000, kubernetes: 16030 } };
      const premises = aim(stackPath(stack), target, lab, samplePassphrase(stack));
      const [before, aimed] = [readStackFile(stackPath(stack)), readStackFile(target)];
      assert.equal(aimed.encryptionSalt, before.encryptionSalt);
      assert.deepEqual([...aimed.entries.keys()], [...before.entries.keys()]);

      const crypter = committed(stack, aimed.encryptionSalt);
      for (const [key, { value, secret }] of aimed.entries) {
        if (key === "clouds:settings") {
          for (const { authUrl } of Object.values(JSON.parse(value) as Record<string, { authUrl: string }>)) {
            assert.equal(authUrl, "http://127.0.0.1:16000/v3");
          }
        } else if (key.startsWith("clouds:")) {
          assert.equal(crypter.decrypt(value), "orrery-lab");
        } else if (secret && key.startsWith("clusters:")) {
          assert.equal(crypter.decrypt(value), labKubeconfig(lab));
        } else if (key !== "callysto:settings") {
          assert.equal(value, before.entries.get(key)?.value, key);
        }
      }
      const config = new Map(
        [...aimed.entries].map(([key, entry]) => [
          key,
          entry.secret ? { value: crypter.decrypt(entry.value), secret: true } : entry,
        ]),
      );
      assert.deepEqual(parseConfig(config, all).problems, []);
      assert.equal(premises.zones.includes("callysto.farm"), before.text.includes("callysto.farm: {mode: existing}"));
    });
  }
});

describe("npm run config", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-config-"));
  const run = (...args: readonly string[]): { code: number | null; out: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(dir, "config/cli.ts"), ...args], {
      encoding: "utf8",
      // Not the one of a lab in this shell.
      env: { ...process.env, PULUMI_CONFIG_PASSPHRASE: undefined },
    });
    return { code: status, out: stdout + stderr };
  };

  before(() => {
    // A copy of the project's own files, so that the real ones are not written to.
    for (const part of ["config", "components", "package.json", ...stacks.map((stack) => `Pulumi.${stack}.yaml`)]) {
      cpSync(path.join(projectDir, part), path.join(dir, part), { recursive: true });
    }
    symlinkSync(path.join(projectDir, "node_modules"), path.join(dir, "node_modules"));
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("makes a stack with another one's settings and secrets under a salt of its own", () => {
    const made = run("new", "--stack", "mine", "--like", "test");
    assert.equal(made.code, 0, made.out);
    const [mine, test] = ["mine", "test"].map((stack) => readStackFile(stackPath(stack, dir)));
    assert.ok(mine && test);
    assert.notEqual(mine.encryptionSalt, test.encryptionSalt);
    const opened = openSalt(mine.encryptionSalt ?? "", "orrery-sample-mine");
    const old = committed("test", test.encryptionSalt);
    for (const [key, { value, secret }] of mine.entries) {
      const theirs: string = test.entries.get(key)?.value ?? "";
      assert.equal(secret ? opened.decrypt(value) : value, secret ? old.decrypt(theirs) : theirs, key);
    }
    assert.match(run("new", "--stack", "mine", "--like", "test").out, /^config: Pulumi\.mine\.yaml exists already/);
  });

  it("adds samples for missing secrets, once", () => {
    const file = stackPath("test", dir);
    const full = readFileSync(file, "utf8");
    const lacking = full.replace(/\n {2}thoth:githubOauthToken:\n {4}secure: \S+/, "");
    assert.notEqual(lacking, full);
    writeFileSync(file, lacking);
    assert.match(run("check", "--stack", "test").out, /thoth:githubOauthToken: the secret is missing/);
    assert.match(run("sample", "--stack", "test").out, /added a sample for thoth:githubOauthToken/);
    const { entries, text } = readStackFile(file);
    assert.ok(text.startsWith(lacking.trimEnd()));
    assert.ok(entries.has("thoth:githubOauthToken"));
    assert.match(run("sample", "--stack", "test").out, /lacks no secret/);
    assert.equal(readFileSync(file, "utf8"), text);
  });

  it("says how it is used", () => {
    assert.match(run("what").out, /^config: cannot do "what"\n\nUsage: npm run config/);
  });
});
