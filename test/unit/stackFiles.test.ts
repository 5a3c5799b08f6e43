import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { retarget, labKubeconfig } from "../../lab/retarget.ts";
import { isFromLab, realSecrets, sampleProblems, samplesAtRisk } from "../../config/preflight/samplePassphrase.ts";
import { parseConfig } from "../../config/parse.ts";
import { type Crypter, newSalt, openSalt } from "../../config/passphrase.ts";
import { publishedSamples } from "../../config/published.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { reencrypt, setSecret } from "../../config/stackEdit.ts";
import { clearConfig, projectDir, readStackFile, secretsOf, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { stacks } from "./harness.ts";

const all = Object.values(schemas);

/** Settings of a cloud that is retargeted at the lab. */
interface Aimed {
  readonly authUrl: string;
  readonly lab: boolean;
}

/** Opens a salt of a committed file; each is opened once, as that takes a quarter of a second. */
const crypters = new Map<string, Crypter>();
function committed(stack: string, salt = ""): Crypter {
  const crypter = crypters.get(salt) ?? openSalt(salt, samplePassphrase(stack));
  crypters.set(salt, crypter);
  return crypter;
}

describe("committed stack files", () => {
  const files = new Map(stacks.map((stack) => [stack, readStackFile(stackPath(stack))]));

  it("each committed stack has its own salt", () => {
    const salts = [...files.values()].map(({ encryptionSalt }) => encryptionSalt?.split(":")[1]);
    assert.ok(!salts.includes(undefined));
    assert.equal(new Set(salts).size, salts.length);
  });

  it("committed stacks share no ciphertext", () => {
    const texts = [...files.values()].flatMap(({ entries }) =>
      [...entries.values()].filter(({ secret }) => secret).map(({ value }) => value),
    );
    assert.equal(new Set(texts).size, texts.length);
  });

  for (const [stack, file] of files) {
    it(`in ${stack} every key but the settings is encrypted, opens with the passphrase and passes its check`, () => {
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

describe("secrets in the committed stacks", () => {
  const clear = (stack: string) => {
    const file = readStackFile(stackPath(stack));
    return clearConfig(file, committed(stack, file.encryptionSalt));
  };

  for (const stack of stacks) {
    it(`every secret of ${stack} is recognised as a sample or as the lab's`, () => {
      const config = clear(stack);
      const samples = publishedSamples(secretsOf(readStackFile(stackPath(stack)), all).values());
      const own = [...config].filter(([, { value, secret }]) => secret && !samples.isIn(value) && !isFromLab(value));
      assert.deepEqual(
        own.map(([key]) => key),
        [],
      );
      assert.deepEqual(realSecrets(all, parseConfig(config, all).systems), []);
    });
  }

  for (const stack of ["prod", "stage"]) {
    it(`${stack} cannot be deployed as committed: each secret in use and each public key is refused`, () => {
      const config = clear(stack);
      const { systems } = parseConfig(config, all);
      const risks = samplesAtRisk(all, systems).map(({ path: key }) => key);
      const keys = [...config].filter(([, { secret }]) => secret).map(([key]) => key);
      assert.deepEqual(risks.filter((key) => !key.includes(":settings")).sort(), keys.sort());
      const said = sampleProblems(stack, all, systems, samplePassphrase(stack)) ?? "";
      for (const key of keys) assert.match(said, new RegExp(`config set --stack ${stack} --secret ${key}( < FILE)?\n`));
    });

    it(`no public key of ${stack} has a private half, so nobody could log in even without the refusal`, () => {
      const text = readFileSync(stackPath(stack), "utf8");
      const keys = [...text.matchAll(/ssh-ed25519 (\S+)/g)].map(([, key = ""]) => Buffer.from(key, "base64"));
      assert.equal(keys.length, stack === "prod" ? 5 : 4);
      for (const key of keys) assert.match(key.subarray(-32).toString(), /^nobody has its other half [a-z.]{6}$/);
    });
  }

  it("the lab accepts the committed secrets", () => {
    const { systems } = parseConfig(clear("test"), all);
    assert.equal(sampleProblems("test", all, systems, samplePassphrase("test")), undefined);
  });
});

describe("Pulumi's passphrase encryption", () => {
  it("a wrong passphrase, a changed value and a malformed salt are refused", () => {
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

describe("retargeting at the lab", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-aim-"));
  after(() => {
    rmSync(dir, { recursive: true });
  });

  for (const stack of stacks) {
    it(`retargeting points every cluster and cloud of ${stack} at the lab, and changes nothing else`, () => {
      const target = path.join(dir, `Pulumi.${stack}.yaml`);
      const lab = { ports: { keystone: 16000, kubernetes: 16030 }, password: "of-the-lab" };
      const { prerequisites } = retarget(stackPath(stack), target, lab, samplePassphrase(stack));
      const [before, aimed] = [readStackFile(stackPath(stack)), readStackFile(target)];
      assert.equal(aimed.encryptionSalt, before.encryptionSalt);
      // Machines of the lab cannot install restic: their hubs make no backups.
      const kept = [...before.entries.keys()].filter((key) => !key.startsWith("callysto:backups"));
      assert.deepEqual([...aimed.entries.keys()], kept);
      const { environments } = JSON.parse(aimed.entries.get("callysto:settings")?.value ?? '{"environments":{}}') as {
        readonly environments: Readonly<Record<string, { readonly guest?: object }>>;
      };
      for (const { guest = {} } of Object.values(environments)) assert.ok(!("backups" in guest));

      const crypter = committed(stack, aimed.encryptionSalt);
      for (const [key, { value, secret }] of aimed.entries) {
        if (key === "clouds:settings") {
          for (const { authUrl, lab: mark } of Object.values(JSON.parse(value) as Record<string, Aimed>)) {
            assert.deepEqual([authUrl, mark], ["http://127.0.0.1:16000/v3", true]);
          }
        } else if (key === "clusters:settings") {
          const [own, was] = [value, before.entries.get(key)?.value ?? ""].map((one) => JSON.parse(one) as object);
          const marked = Object.entries(was ?? {}).map(([name, one]) => [name, { ...(one as object), lab: true }]);
          assert.deepEqual(own, Object.fromEntries(marked));
        } else if (key.startsWith("clouds:")) {
          assert.equal(crypter.decrypt(value), "of-the-lab");
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
      assert.equal(
        prerequisites.zones.includes("callysto.farm"),
        before.text.includes("callysto.farm: {mode: existing}"),
      );
    });
  }
});

describe("npm run config", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-config-"));
  const run = (...args: readonly string[]) => runWith({}, ...args);
  const runWith = (env: NodeJS.ProcessEnv, ...args: readonly string[]): { code: number | null; out: string } => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(dir, "cli/orrery.ts"), "config", ...args],
      {
        encoding: "utf8",
        // Not the passphrase of a lab in this shell.
        env: { ...process.env, PULUMI_CONFIG_PASSPHRASE: undefined, ...env },
      },
    );
    return { code: status, out: stdout + stderr };
  };

  before(() => {
    // A copy of the project's files, so that the real ones are not changed.
    for (const part of [
      "cli",
      "config",
      "blocks",
      "components",
      "ops",
      "lab",
      "review",
      "policy",
      "package.json",
      ...stacks.map((stack) => `Pulumi.${stack}.yaml`),
    ]) {
      cpSync(path.join(projectDir, part), path.join(dir, part), { recursive: true });
    }
    symlinkSync(path.join(projectDir, "node_modules"), path.join(dir, "node_modules"), "junction");
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("config new copies another stack's settings and secrets under a new salt", () => {
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
    assert.match(run("new", "--stack", "mine", "--like", "test").out, /^orrery: Pulumi\.mine\.yaml exists already/);
  });

  it("config new --systems takes one system of a stack, with the clusters and clouds that it runs on", () => {
    const made = run("new", "--stack", "theirs", "--systems", "dials");
    assert.equal(made.code, 0, made.out);
    assert.match(made.out, /its \d+ secrets are those of stage\..*config -- check --for-deploy --stack theirs/);
    const file = stackPath("theirs", dir);
    const { entries } = readStackFile(file);
    const namespaces = new Set([...entries.keys()].map((key) => key.split(":")[0]));
    assert.deepEqual([...namespaces], ["clusters", "dials"]);
    const clusters = Object.keys(JSON.parse(entries.get("clusters:settings")?.value ?? "") as object);
    const { cluster } = JSON.parse(entries.get("dials:settings")?.value ?? "") as { readonly cluster: string };
    assert.deepEqual(clusters, [cluster]);
    assert.deepEqual(
      [...entries.keys()].filter((key) => key.startsWith("clusters:")),
      ["clusters:settings", `clusters:${cluster}`],
    );
    assert.deepEqual(run("check", "--stack", "theirs"), { code: 0, out: "theirs: no problems\n" });
    rmSync(file);
  });

  it("config new --systems takes several, and refuses a name that is none and a system that the other stack lacks", () => {
    const refused = run("new", "--stack", "two", "--systems", "dials,prwo");
    assert.equal(refused.code, 2);
    assert.match(refused.out, /^orrery: there is no system "prwo"; did you mean "prow"\?/);
    assert.ok(!existsSync(path.join(dir, "Pulumi.two.yaml")));
    const two = run("new", "--stack", "two", "--systems", "dials", "--systems", "prow");
    assert.equal(two.code, 0, two.out);
    const { entries } = readStackFile(stackPath("two", dir));
    assert.deepEqual(
      [...entries.keys()].filter((key) => key.endsWith(":settings")),
      ["clusters:settings", "dials:settings", "prow:settings"],
    );
    const lacking = run("new", "--stack", "three", "--like", "two", "--systems", "packit");
    assert.deepEqual(lacking, {
      code: 1,
      out: "orrery: Pulumi.two.yaml has no packit: name a stack that has it with --like\n",
    });
    rmSync(stackPath("two", dir));
  });

  describe("a stack with a real secret", () => {
    before(() => {
      const stack = readStackFile(stackPath("test", dir));
      const salt = newSalt("our own");
      const crypter = openSalt(salt, "our own");
      const old = committed("test", stack.encryptionSalt);
      const text = reencrypt(
        stack.text,
        (one) => old.decrypt(one),
        salt,
        (one) => crypter.encrypt(one),
      );
      const real = setSecret(text, "thoth:githubOauthToken", crypter.encrypt("ghp_real"));
      writeFileSync(path.join(dir, "Pulumi.own.yaml"), real);
      writeFileSync(path.join(dir, "passphrase"), "our own\n");
      writeFileSync(path.join(dir, "other-passphrase"), "another one\n");
    });
    const like = ["--stack", "drill", "--like", "own"];
    const from = (env: NodeJS.ProcessEnv) =>
      runWith({ ORRERY_LIKE_PASSPHRASE_FILE: path.join(dir, "passphrase"), ...env }, "new", ...like);

    it("config new writes no file that a published passphrase opens", () => {
      for (const published of [undefined, "", "orrery-lab", "orrery-sample-drill", "orrery-sample-prod"]) {
        assert.deepEqual(from({ PULUMI_CONFIG_PASSPHRASE: published }), {
          code: 1,
          out:
            "orrery: own has secrets of its own (thoth:githubOauthToken), and the new file would have a published " +
            "passphrase: put one of its own into PULUMI_CONFIG_PASSPHRASE; nothing was written\n",
        });
      }
      assert.ok(!existsSync(path.join(dir, "Pulumi.drill.yaml")));
    });

    it("config new writes a file under a passphrase from a file, and checks it before a deployment", () => {
      const file = path.join(dir, "other-passphrase");
      const made = from({ PULUMI_CONFIG_PASSPHRASE_FILE: file });
      assert.equal(made.code, 0, made.out);
      const drill = readStackFile(stackPath("drill", dir));
      const opened = openSalt(drill.encryptionSalt ?? "", "another one");
      assert.equal(opened.decrypt(drill.entries.get("thoth:githubOauthToken")?.value ?? ""), "ghp_real");
      const check = (): { code: number | null; out: string } =>
        runWith({ PULUMI_CONFIG_PASSPHRASE_FILE: file }, "check", "--for-deploy", "--stack", "drill");
      assert.deepEqual(check(), { code: 0, out: "drill: nothing prevents a deployment\n" });
      writeFileSync(
        stackPath("drill", dir),
        drill.text.replaceAll(", lab: true}", "}").replace("      lab: true\n", ""),
      );
      const { code, out } = check();
      assert.equal(code, 1);
      assert.match(
        out,
        /^orrery: Pulumi\.drill\.yaml is for clusters and clouds that are not the lab's, and everybody/,
      );
      assert.match(out, /^ {2}thoth:kebechetSshKey is a published sample\n {6}npx pulumi config set .* < FILE$/m);
      assert.doesNotMatch(out, /githubOauthToken|passphrase is published/);
      const asJson = runWith(
        { PULUMI_CONFIG_PASSPHRASE_FILE: file },
        ...["check", "--for-deploy", "--stack", "drill", "--json"],
      );
      const keys = (JSON.parse(asJson.out) as readonly { key: string }[]).map(({ key }) => key);
      assert.equal(asJson.code, 1);
      assert.ok(keys.includes("thoth:kebechetSshKey") && !keys.includes("thoth:githubOauthToken"), keys.join(" "));
      rmSync(stackPath("drill", dir));
      rmSync(stackPath("own", dir));
    });
  });

  it("config sample adds missing secrets, once", () => {
    const file = stackPath("test", dir);
    const full = readFileSync(file, "utf8");
    const lacking = full.replace(/\n {2}thoth:githubOauthToken:\n {4}secure: \S+/, "");
    assert.notEqual(lacking, full);
    writeFileSync(file, lacking);
    assert.match(run("check", "--stack", "test").out, /thoth:githubOauthToken: the secret is missing/);
    const { code, out } = run("check", "--stack", "test", "--json");
    const [problem, ...others] = JSON.parse(out) as readonly Readonly<Record<string, string>>[];
    assert.deepEqual([code, problem?.stack, problem?.key, others], [1, "test", "thoth:githubOauthToken", []]);
    assert.match(problem?.message ?? "", /^the secret is missing/);
    assert.match(problem?.fix ?? "", /^npx pulumi config set --stack test --secret thoth:githubOauthToken$/);
    assert.match(run("sample", "--stack", "test").out, /added a sample for thoth:githubOauthToken/);
    const { entries, text } = readStackFile(file);
    assert.ok(text.startsWith(lacking.trimEnd()));
    assert.ok(entries.has("thoth:githubOauthToken"));
    assert.match(run("sample", "--stack", "test").out, /lacks no secret/);
    assert.deepEqual(run("check", "--stack", "test", "--json"), { code: 0, out: "[]\n" });
    assert.equal(readFileSync(file, "utf8"), text);
  });

  it("config check --json lists what keeps a file from being read, of all stacks, without a key", () => {
    const file = path.join(dir, "Pulumi.broken.yaml");
    writeFileSync(file, "config:\n  a:b: {secure: v1:x, more: 1}\n  a:b: 2\n");
    const { code, out } = run("check", "--json");
    rmSync(file);
    const found = JSON.parse(out) as readonly Readonly<Record<string, string>>[];
    assert.equal(code, 1);
    assert.deepEqual([...new Set(found.map(({ stack }) => stack))], ["broken"]);
    assert.ok(found.length > 0 && found.every(({ key, message }) => key === undefined && message !== ""), out);
  });

  it("config prints its usage", () => {
    const { code, out } = run("what");
    assert.equal(code, 2);
    assert.match(out, /^orrery: config has no command "what"\n/);
  });
});
