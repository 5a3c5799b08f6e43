/** The parts of the secrets commands that need no gpg, Ansible, cluster or backend; test/live/secrets.test.ts has those. */
import assert from "node:assert/strict";
import { createCipheriv, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import type { AnySystem } from "../../config/define.ts";
import { isFromLab } from "../../config/preflight/samplePassphrase.ts";
import { newSalt, openSalt } from "../../config/passphrase.ts";
import { isPublished } from "../../config/published.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { wantedSecrets } from "../../config/secrets.ts";
import { reencrypt } from "../../config/stackEdit.ts";
import { readStackFile, secretsOf, stackNames, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { main } from "../../cli/main.ts";
import { isVault, openVault, variablesOf } from "../../ops/lib/secrets/ansibleVault.ts";
import { entryText } from "../../ops/lib/secrets/sources.ts";
import { owned } from "./harness.ts";

/** A vault as Ansible writes one. */
function seal(text: string, password: string): string {
  const salt = randomBytes(32);
  const keys = pbkdf2Sync(password, salt, 10_000, 80, "sha256");
  const cipher = createCipheriv("aes-256-ctr", keys.subarray(0, 32), keys.subarray(64));
  const fill = 16 - (Buffer.byteLength(text) % 16);
  const sealed = Buffer.concat([cipher.update(text), cipher.update(Buffer.alloc(fill, fill)), cipher.final()]);
  const proof = createHmac("sha256", keys.subarray(32, 64)).update(sealed).digest("hex");
  const body = Buffer.from(`${salt.toString("hex")}\n${proof}\n${sealed.toString("hex")}`).toString("hex");
  return `$ANSIBLE_VAULT;1.1;AES256\n${body.match(/.{1,80}/g)?.join("\n") ?? ""}\n`;
}

describe("the secrets commands", () => {
  let [dir, file]: [string, string] = ["", ""];
  before(() => {
    dir = mkdtempSync(path.join(tmpdir(), "moving-"));
    file = path.join(dir, "Pulumi.stage.yaml");
    copyFileSync(stackPath("stage"), file);
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  async function ops(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const [printed, complained]: [string[], string[]] = [[], []];
    const { log, error } = console;
    console.log = (line: string) => void printed.push(line);
    console.error = (line: string) => void complained.push(line);
    try {
      const code = await main(["secrets", ...words, "--stack", "stage", "--config-file", file]);
      return { code, stdout: printed.join("\n"), stderr: complained.join("\n") };
    } finally {
      Object.assign(console, { log, error });
    }
  }
  async function withVariables<T>(variables: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
    Object.assign(process.env, variables);
    try {
      return await work();
    } finally {
      for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
    }
  }

  it("each secret's legacy source is the one in the docs", () => {
    const all: readonly AnySystem[] = Object.values(schemas);
    const sources = stackNames().flatMap((stack) =>
      [...secretsOf(readStackFile(stackPath(stack)), all).values()].map(({ key, legacySource }) => {
        return { key, source: legacySource ?? { description: "" } };
      }),
    );
    for (const { key, source } of sources) {
      const formerly = source.description;
      for (const place of [source.gopass, source.vault, source.file].filter((one) => one !== undefined)) {
        const [where = "", name = ""] = place.split("#");
        const said =
          formerly.includes(where) || formerly.includes(where.split("/").at(-1) ?? "") || formerly.includes("<name>");
        assert.ok(
          said && (formerly.includes(name) || source.gopass !== undefined),
          `${key}: ${place} is not in "${formerly}"`,
        );
      }
      const asked = /^gopass |^vault_|in secrets\/|^secrets\/|^local_vars/.test(formerly);
      assert.ok(!asked || Object.keys(source).length > 1, `${key}: "${formerly}" has no source`);
    }
    assert.ok(sources.filter(({ source }) => source.gopass !== undefined).length >= 4);
    assert.ok(sources.filter(({ source }) => source.vault !== undefined).length >= 10);
    assert.ok(sources.filter(({ source }) => source.file !== undefined).length >= 20);
  });

  describe("ansible-vault", () => {
    it("an ansible-vault is decrypted only with its password, and only as a whole", () => {
      const vault = seal("a: b ž\n", "right");
      assert.ok(isVault(vault));
      assert.equal(openVault(vault, "right"), "a: b ž\n");
      assert.throws(() => openVault(vault, "wrong"), /password is another one/);
      assert.throws(() => openVault(vault.slice(0, 200), "right"), /damaged|another one/);
    });

    it("an ansible-vault may be a file, values in a file, or absent", () => {
      const inline = `x: !vault |\n${seal("secret", "p").replaceAll(/^/gm, "  ")}\nlist: {y: 1}\nkey: |\n  two\n  lines\n`;
      const variables = variablesOf(inline, () => "p");
      assert.deepEqual(
        [...variables],
        [
          ["x", "secret"],
          ["list.y", "1"],
          ["key", "two\nlines\n"],
        ],
      );
      assert.deepEqual([...variablesOf(seal("a: {b: c}", "p"), () => "p")], [["a.b", "c"]]);
      assert.deepEqual([...variablesOf("a: b", () => assert.fail("nothing is encrypted"))], [["a", "b"]]);
    });

    it("an ansible-vault that is not valid YAML is never quoted", () => {
      assert.throws(() => variablesOf(seal('a: b\nx: "s3cret" s3cret\n', "p"), () => "p"), {
        message: "the variables are no YAML: UNEXPECTED_TOKEN in line 2, column 13",
      });
      assert.throws(() => variablesOf("x: *s3cret\n", () => "p"), {
        message: "the variables are no YAML: a value begins with * and is no alias; put it in quotes",
      });
    });
  });

  it("a token is read from a password entry's first line or a named line; any other secret is the whole entry", () => {
    const entry = "token\nuser: sesheta\nAPI_KEY: abc\n";
    assert.equal(entryText(entry, undefined, true), "token");
    assert.equal(entryText(entry, "API_KEY", true), "abc");
    assert.equal(entryText(entry, "absent", true), undefined);
    assert.equal(entryText(entry, undefined, false), entry);
    const file = `\nContent-Disposition: attachment; filename="k"\nContent-Transfer-Encoding: Base64\n${btoa("a: b\n\nc")}\n`;
    assert.equal(entryText(file, undefined, false), "a: b\n\nc");
  });

  it("published passphrases and the lab's secrets are recognised", () => {
    for (const stack of ["test", "stage", "prod", "mine"]) assert.ok(isPublished(samplePassphrase(stack)));
    assert.ok(!isPublished("something else"));
    assert.ok(isFromLab("orrery-lab"));
    assert.ok(!isFromLab("https://127.0.0.1:6443"));
  });

  it("re-encrypting secrets leaves all other bytes as they are", () => {
    const [old, next] = [newSalt("old"), newSalt("new")];
    const [a, b] = [openSalt(old, "old"), openSalt(next, "new")];
    const text = `# why\nencryptionsalt: ${old}\nconfig:\n  x:settings: {a: 1} # plain\n  x:token:\n    secure: ${a.encrypt("t")}\n`;
    const changed = reencrypt(
      text,
      (one) => a.decrypt(one),
      next,
      (one) => b.encrypt(one),
    );
    const hide = (one: string): string => one.replaceAll(/v1:\S+/g, "...");
    assert.equal(hide(changed), hide(text));
    assert.equal(b.decrypt(/secure: (\S+)/.exec(changed)?.[1] ?? ""), "t");
    assert.throws(
      () => reencrypt("config:\n  x:y:\n    z:\n      secure: v1:a:b\n", String, next, String),
      /x:y has an encrypted value inside/,
    );
  });

  it("secrets list prints names, and accepts samples under their published passphrase", async () => {
    const { code, stdout, stderr } = await ops("list", "--json");
    assert.equal(code, 0, stderr);
    const all = JSON.parse(stdout) as { key: string; state: string; required: boolean }[];
    const rows = all.filter(({ required }) => required);
    assert.deepEqual(
      [...new Set(rows.filter(({ key }) => key.startsWith("thoth:")).map(({ state }) => state))],
      ["sample"],
    );
    assert.equal(stderr, "");
  });

  it("secrets import requires a source, a stack and a password rather than guessing", async () => {
    for (const words of [
      ["import"],
      ["import", "folder", dir],
      ["import", "vault", "/nowhere.yml"],
      ["import", "gopass", "/nowhere"],
    ]) {
      const { code, stderr } = await ops(...words);
      assert.equal(code, 2, stderr);
    }
    assert.match((await ops("import", "folder", dir)).stderr, /--system is missing: the system whose folder it is/);
    const { code, stderr } = await ops("import", "cluster", "--map", "thoth:nonsense=x");
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /^orrery: --map thoth:nonsense=x: stack \w+ has no secret thoth:nonsense; npx orrery secrets list/m,
    );
  });

  it("secrets import reads a folder, reports what is missing or unused, and warns of the published passphrase", async function () {
    this.timeout(300_000);
    const thoth = wantedSecrets(schemas.prow, settingsOf("prow"));
    const folder = path.join(dir, "secrets");
    const other = (name: string): string => owned(thoth.find((one) => one.name === name)?.sample("other") ?? "");
    mkdirSync(path.join(folder, "oauth-token"), { recursive: true });
    mkdirSync(path.join(folder, "more"), { recursive: true });
    writeFileSync(path.join(folder, "oauth-token", "oauth"), other("githubToken"));
    writeFileSync(path.join(folder, "more", "over"), "x");
    const before_ = readFileSync(file, "utf8");
    const dry = await ops("import", "folder", folder, "--system", "prow", "--dry-run");
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /^would set prow:githubToken from oauth-token\/oauth$/m);
    assert.match(dry.stdout, /^missing prow:slackToken: nothing in slack-token\/token; the stack has the sample/m);
    assert.match(dry.stdout, /^left over more\/over$/m);
    assert.ok(!dry.stdout.includes(other("githubToken")));
    assert.equal(readFileSync(file, "utf8"), before_);
    const done = await ops("import", "folder", folder, "--system", "prow");
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, /warning: the passphrase of stack stage is published .*: prow:githubToken\./);
    assert.match(
      (await ops("import", "folder", folder, "--system", "prow", "--dry-run")).stdout,
      /^unchanged prow:githubToken/m,
    );
    assert.equal((await ops("list")).code, 1);
    writeFileSync(path.join(folder, "oauth-token", "oauth"), "two words");
    const bad = await ops("import", "folder", folder, "--system", "prow", "--dry-run");
    assert.equal(bad.code, 1);
    assert.match(bad.stderr, /prow:githubToken: expected a token/);
  });

  it("secrets rotate replaces one secret, and secrets passphrase a file's passphrase", async function () {
    this.timeout(300_000);
    const first = readStackFile(file).entries.get("prow:hmac")?.value;
    assert.equal((await ops("rotate", "prow:githubAppPrivateKey", "--generate")).code, 2);
    assert.equal((await ops("rotate", "prow:nonsense", "--generate")).code, 2);
    const { code, stdout, stderr } = await ops("rotate", "prow:hmac", "--generate");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^set prow:hmac; next: /);
    assert.notEqual(readStackFile(file).entries.get("prow:hmac")?.value, first);

    for (const bad of ["", "orrery-lab", " blank", samplePassphrase("stage")]) {
      const refused = await withVariables({ ORRERY_NEW_PASSPHRASE: bad }, () => ops("passphrase", "--file-only"));
      assert.equal(refused.code, 2);
    }
    const salt = readStackFile(file).encryptionSalt;
    const changed = await withVariables({ ORRERY_NEW_PASSPHRASE: "our own" }, () => ops("passphrase", "--file-only"));
    assert.equal(changed.code, 0, changed.stderr);
    assert.notEqual(readStackFile(file).encryptionSalt, salt);
    assert.equal((await ops("list")).code, 2);
    const listed = await withVariables({ PULUMI_CONFIG_PASSPHRASE: "our own" }, () => ops("list"));
    assert.equal(listed.code, 0, listed.stderr);
    assert.match(listed.stdout, /^set +prow:hmac/m);
  });

  function settingsOf(namespace: "prow"): unknown {
    const text = readStackFile(file).entries.get(`${namespace}:settings`)?.value ?? "{}";
    return schemas[namespace].settings.parse(JSON.parse(text));
  }
});
