/**
 * Moving in with real stores: gopass and gpg, ansible-vault, the lab's cluster; then the passphrase and the provider of a stack
 * with a state. What stands in: Vault's transit engine is 30 lines here, so a real Vault's login and policies are not shown.
 */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { labKubeconfig } from "../../lab/retarget.ts";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import type { WantedSecret } from "../../config/secrets.ts";
import { keepSystems } from "../../config/stackEdit.ts";
import { readStackFile, secretsOf, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { root } from "../../lab/settings.ts";
import { ensureTool } from "../../lab/tools/tools.ts";
import { main } from "../../cli/main.ts";
import { output } from "../../ops/lib/process.ts";
import { pulumiProgram } from "../../ops/lib/pulumi.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { api, useNamespace } from "../../lab/harness/kube.ts";
import { owned } from "../unit/harness.ts";
import { pythonEnvironment } from "../../lab/harness/python.ts";

const ansible = pythonEnvironment("ansible", ["ansible-core==2.16.14"]);
const changed = ["HOME", "GNUPGHOME", "GOPASS_HOMEDIR", "PULUMI_CONFIG_PASSPHRASE"] as const;

describe("secrets of a stack", function () {
  this.timeout(600_000);
  const dir = mkdtempSync(path.join(tmpdir(), "moving-")); // short: gpg's agent puts a socket below it
  const file = path.join(dir, "Pulumi.moving.yaml");
  const old = new Map(changed.map((name) => [name, process.env[name]]));
  let wanted: ReadonlyMap<string, WantedSecret>;

  before(async () => {
    writeFileSync(file, keepSystems(readFileSync(stackPath("stage"), "utf8"), ["clusters", "thoth", "dials"]));
    wanted = secretsOf(readStackFile(file), Object.values(schemas));
    process.env.PULUMI_CONFIG_PASSPHRASE = samplePassphrase("stage");
    await ansible.install();
  });
  after(() => {
    for (const name of changed) Reflect.deleteProperty(process.env, name);
    for (const [name, value] of old) if (value !== undefined) process.env[name] = value;
    rmSync(dir, { recursive: true });
  });

  /** Another text of the right format than the sample that the stack has. */
  const fresh = (key: string): string => owned(wanted.get(key)?.sample("moved in") ?? assert.fail(key));
  /** The secret's text in the stack's file. */
  const stored = (key: string): string => {
    const { entries, encryptionSalt } = readStackFile(file);
    const crypter = openSalt(encryptionSalt ?? "", process.env.PULUMI_CONFIG_PASSPHRASE ?? "");
    return crypter.decrypt(entries.get(key)?.value ?? "");
  };
  async function secrets(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const [printed, complained]: [string[], string[]] = [[], []];
    const { log, error } = console;
    console.log = (line: string) => void printed.push(line);
    console.error = (line: string) => void complained.push(line);
    try {
      const code = await main(["secrets", ...words, "--stack", "moving", "--config-file", file]);
      return { code, stdout: printed.join("\n"), stderr: complained.join("\n") };
    } finally {
      Object.assign(console, { log, error });
    }
  }

  describe("in gopass", () => {
    before(async function () {
      this.timeout(600_000);
      await installPackages(["gnupg"], () => undefined);
      const gopass = path.join(await ensureTool("gopass", () => undefined), "gopass"); // before HOME is another one
      process.env.HOME = process.env.GOPASS_HOMEDIR = dir;
      process.env.GNUPGHOME = path.join(dir, "gpg");
      mkdirSync(process.env.GNUPGHOME, { mode: 0o700 });
      const user = "owner@example.invalid";
      await output("gpg", ["--batch", "--quiet", "--passphrase", "", "--quick-generate-key", user, "future-default"]);
      await output(gopass, ["--yes", "init", "--crypto", "gpgcli", "--storage", "fs", user]);
      const put = (words: readonly string[], input: string): Promise<string> => output(gopass, words, { input });
      await put(["cat", "aicoe/thoth/kebechet/kebechet_github"], fresh("thoth:kebechetSshKey"));
      await put(["insert", "-m", "-f", "aicoe/thoth/sesheta"], `pass\ntoken: ${fresh("thoth:githubOauthToken")}\n`);
      await put(["insert", "-m", "-f", "aicoe/thoth/quay.io/robot-users"], "unused");
    });
    after(async () => {
      await output("gpgconf", ["--kill", "all"]);
    });

    const store = ["gopass", path.join(dir, ".local", "share", "gopass", "stores", "root"), "--system", "thoth"];

    it("a dry run lists secrets in gopass and writes nothing", async () => {
      const before_ = readFileSync(file, "utf8");
      const { code, stdout, stderr } = await secrets("import", ...store, "--dry-run");
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^would set thoth:kebechetSshKey from aicoe\/thoth\/kebechet\/kebechet_github$/m);
      assert.match(
        stdout,
        /^missing thoth:googleServiceAccount: nothing in aicoe\/thoth\/sesheta-chatbot-968e13a86991; /m,
      );
      assert.match(stdout, /^left over aicoe\/thoth\/quay\.io\/robot-users$/m);
      assert.equal(readFileSync(file, "utf8"), before_);
      for (const key of ["thoth:kebechetSshKey", "thoth:githubOauthToken"]) {
        for (const line of fresh(key).split("\n").filter(Boolean)) {
          if (!line.startsWith("-----"))
            assert.ok(!`${stdout}${stderr}`.includes(line), "a secret's text is never printed");
        }
      }
    });

    it("secrets in gopass are imported, and from elsewhere on request", async () => {
      const map = ["--map", "thoth:githubOauthToken=aicoe/thoth/sesheta#token"];
      const { code, stderr } = await secrets("import", ...store, ...map);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /warning: the passphrase of stack moving is published/);
      for (const key of ["thoth:kebechetSshKey", "thoth:githubOauthToken"]) assert.equal(stored(key), fresh(key));
      assert.match((await secrets("import", ...store, ...map)).stdout, /^unchanged thoth:githubOauthToken/m);
    });
  });

  it("secrets in ansible-vault files are imported, as whole files and single values", async () => {
    const run = (words: readonly string[], input?: string): Promise<string> =>
      output(path.join(ansible.bin, "ansible-vault"), words, input === undefined ? {} : { input });
    const [whole, inline, password] = ["vault.yml", "vars.yml", ".vault_pass"].map((name) => path.join(dir, name));
    if (whole === undefined || inline === undefined || password === undefined) throw new Error("three names");
    writeFileSync(password, "open sesame\n");
    const kafka = {
      vault_kafka_bootstrap_servers: "a:443,b:443",
      vault_datahub_ca_cert: fresh("thoth:kafkaDatahubCa"),
    };
    writeFileSync(whole, JSON.stringify({ ...kafka, vault_secret: "unused" }));
    await run(["encrypt", "--vault-password-file", password, whole]);
    const ceph = ["encrypt_string", "--vault-password-file", password, "--stdin-name", "vault_ceph_secret_key"];
    writeFileSync(inline, await run(ceph, fresh("thoth:cephSecretKey")));
    assert.match(readFileSync(whole, "utf8"), /^\$ANSIBLE_VAULT;1\.1;AES256\n/);

    const words = ["vault", whole, inline, "--system", "thoth", "--vault-password-file", password];
    const { code, stdout, stderr } = await secrets("import", ...words);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^left over vault_secret$/m);
    assert.equal(stored("thoth:kafkaBootstrapServers"), kafka.vault_kafka_bootstrap_servers);
    assert.equal(stored("thoth:kafkaDatahubCa"), kafka.vault_datahub_ca_cert);
    assert.equal(stored("thoth:cephSecretKey"), fresh("thoth:cephSecretKey"));

    writeFileSync(password, "something else\n");
    const refused = await secrets("import", ...words);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /vault\.yml: the vault's password is another one/);
  });

  describe("in a cluster", () => {
    const namespace = "cms-dials-stage";
    useNamespace(namespace);

    it("secrets in a cluster are imported from the Secrets that the program replaces", async () => {
      const stringData = {
        KEYTAB_PWD: fresh("dials:eosPassword"),
        KEYTAB_USER: "somebody",
        OLD: "left over",
      };
      await api.apply({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "eos-credentials", namespace },
        stringData,
      });
      const url = `postgresql://someone:${fresh("dials:databasePassword")}@dbod.example.org:6600/dials`;
      const backend = { DJANGO_DATABASE_URI: url, DJANGO_KEYCLOAK_SECRET_KEY: fresh("dials:confidentialClientSecret") };
      await api.apply({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "dials-backend-secrets", namespace },
        stringData: backend,
      });
      const kubeconfig = path.join(dir, "kubeconfig");
      writeFileSync(kubeconfig, labKubeconfig(lab), { mode: 0o600 });
      const words = ["cluster", "--system", "dials", "--kubeconfig", kubeconfig];
      const { code, stdout, stderr } = await secrets("import", ...words);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^set dials:eosPassword from \S+: cms-dials-stage\/eos-credentials KEYTAB_PWD$/m);
      assert.match(stdout, /^left over \S+: cms-dials-stage\/eos-credentials OLD$/m);
      assert.doesNotMatch(stdout, /KEYTAB_USER/);
      for (const key of ["dials:eosPassword", "dials:databasePassword", "dials:confidentialClientSecret"]) {
        assert.equal(stored(key), fresh(key));
      }
    });
  });

  describe("of a stack with a state", () => {
    const mark = "4dabf18193072939515e22adb298388d";
    const cli = (words: readonly string[], input?: string): Promise<string> =>
      output(pulumiProgram, [...words, "--stack", "moving", "--non-interactive", "--cwd", dir], {
        ...(input === undefined ? {} : { input }),
      });
    const inState = (words: string): Promise<boolean> =>
      cli(["stack", "export", "--show-secrets"]).then((text) => text.includes(words));
    let vault: Server | undefined;

    before(async () => {
      writeFileSync(path.join(dir, "Pulumi.yaml"), readFileSync(path.join(root, "Pulumi.yaml")));
      const text = readFileSync(file, "utf8");
      await cli(["stack", "init"]);
      writeFileSync(file, text);
      const urn = "urn:pulumi:moving::orrery::pulumi:pulumi:Stack::orrery-moving";
      const secret = { [mark]: "1b47061264138c4ac30d75fd1eb44270", plaintext: JSON.stringify("deep in the state") };
      const resources = [{ urn, custom: false, type: "pulumi:pulumi:Stack", outputs: { secret } }];
      const empty = JSON.parse(await cli(["stack", "export"])) as { deployment: object };
      await cli(["stack", "import"], JSON.stringify({ ...empty, deployment: { ...empty.deployment, resources } }));
      vault = await transit();
      process.env.VAULT_SERVER_URL = `http://127.0.0.1:${(vault.address() as AddressInfo).port}`;
      process.env.VAULT_SERVER_TOKEN = "anything";
    });
    after(async () => {
      vault?.close();
      delete process.env.VAULT_SERVER_URL;
      delete process.env.VAULT_SERVER_TOKEN;
      delete process.env.ORRERY_NEW_PASSPHRASE;
      await cli(["stack", "rm", "--yes", "--force", "--preserve-config"]);
    });

    it("secrets are re-encrypted under another passphrase, in the file and in the state", async () => {
      const before_ = stored("dials:eosPassword");
      const salt = readStackFile(file).encryptionSalt;
      process.env.ORRERY_NEW_PASSPHRASE = "our own passphrase";
      const { code, stdout, stderr } = await secrets("passphrase");
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^encrypted \d+ secrets of .* and the stack's state with the new passphrase/);
      await assert.rejects(inState("deep in the state"), /passphrase/);
      process.env.PULUMI_CONFIG_PASSPHRASE = "our own passphrase";
      assert.ok(await inState("deep in the state"));
      assert.notEqual(readStackFile(file).encryptionSalt, salt);
      assert.equal(stored("dials:eosPassword"), before_);
      assert.equal((await cli(["config", "get", "dials:eosPassword"])).trim(), before_);
      const listed = await secrets("list");
      assert.equal(listed.code, 0, listed.stderr);
      assert.equal(listed.stderr, "", "the passphrase is not published any more");
    });

    it("secrets are re-encrypted under a key service's key, and under a passphrase again", async () => {
      const before_ = stored("dials:eosPassword");
      assert.equal((await secrets("provider", "hashivault://orrery")).code, 0);
      assert.equal(readStackFile(file).provider, "hashivault://orrery");
      process.env.PULUMI_CONFIG_PASSPHRASE = "";
      assert.ok(await inState("deep in the state"));
      assert.equal((await cli(["config", "get", "dials:eosPassword"])).trim(), before_);
      const refused = await secrets("rotate", "dials:eosPassword", "--generate");
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /encrypted by hashivault:\/\/orrery, not by a passphrase/);
      process.env.ORRERY_NEW_PASSPHRASE = "a third one";
      assert.equal((await secrets("provider", "passphrase")).code, 0);
      process.env.PULUMI_CONFIG_PASSPHRASE = "a third one";
      assert.equal(stored("dials:eosPassword"), before_);
      assert.ok(await inState("deep in the state"));
    });
  });
});

/** Vault's transit engine reduced to what the CLI calls: encrypting reverses the text. */
function transit(): Promise<Server> {
  const turned = (text: string): string => Buffer.from(text).reverse().toString();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString() || "{}") as { plaintext?: string; ciphertext?: string };
      const data = request.url?.includes("/transit/encrypt/")
        ? { ciphertext: `vault:v1:${turned(body.plaintext ?? "")}` }
        : { plaintext: turned((body.ciphertext ?? "").replace("vault:v1:", "")) };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data }));
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(server);
    });
  });
}
