/** Findings 17 and 23: no secret goes to a host whose key is not known, and every connection follows the present deploy key. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { parse } from "yaml";
import { toolkit } from "../../../blocks/openstack/guest/script.ts";
import { callystoSchema } from "../../../components/callysto/config.ts";
import { callystoRules } from "../../../components/callysto/rules.ts";
import { isPair } from "../../../components/callysto/sshKeys.ts";
import { publicKeyLine, sample } from "../../../config/samples.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import type { Seen } from "../openstack/fixture.ts";
import { deployCallysto, hub } from "../callysto/fixture.ts";

const guest = { jupyterhub: { authenticator: "pam", image: "docker.io/callysto/pims-r:1" } };
const inside = "callysto-hub-dev-inside-guest";
const plain = (value: unknown): unknown => (value instanceof Secret ? value.value : value);
const deploy = (more: object = {}): Promise<Seen> => deployCallysto({ "hub-dev": { ...hub, guest } }, more);
const commands = (seen: Seen): Seen["resources"][number][] =>
  seen.resources.filter(({ type }) => type.startsWith("command:"));

describe("the first login to a server", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "firstContact-"));
  after(() => {
    rmSync(dir, { recursive: true });
  });

  /** Runs the command of the first contact with a program in place of ssh. */
  async function contact(ssh: string): Promise<{ code: number | null; stderr: string; dir: string }> {
    const { create, environment, stdin } = (await deploy()).resource(`${inside}-identity`).inputs;
    const folder = mkdtempSync(path.join(dir, "run-"));
    const bin = path.join(folder, "bin");
    mkdirSync(bin);
    for (const [name, text] of Object.entries({ ssh, sleep: "exit 0" })) {
      writeFileSync(path.join(bin, name), `#!/bin/bash\ncd "${folder}"\n${text}\n`);
      chmodSync(path.join(bin, name), 0o755);
    }
    const env = { PATH: `${bin}:${process.env.PATH ?? ""}`, TMPDIR: folder, ...(plain(environment) as object) };
    const { status, stderr } = spawnSync("sh", ["-c", String(create)], {
      env,
      input: String(plain(stdin)),
      encoding: "utf8",
    });
    return { code: status, stderr, dir: folder };
  }

  it("the server's host key is in its user data, and the lasting one is not", async () => {
    const seen = await deploy();
    const { userData } = seen.resource("callysto-hub-dev-host-server-instance").inputs;
    assert.ok(userData instanceof Secret);
    const keys = (parse(String(userData.value)) as { ssh_keys: Record<string, string> }).ssh_keys;
    const { environment, stdin } = seen.resource(`${inside}-identity`).inputs;
    const known = (plain(environment) as { GUEST_KNOWN_KEYS: string }).GUEST_KNOWN_KEYS.split("\n");
    assert.equal(known[0], `guest ${keys.ed25519_public ?? ""}`);
    assert.ok(!String(userData.value).includes(String(plain(stdin))));
    assert.notEqual(known[0], known[1]);
  });

  it("another server gets another key for its first login", async () => {
    const seen = await deployCallysto({ "hub-dev": { ...hub, guest, rebuildToken: "2" } });
    assert.equal(seen.resource("callysto-hub-dev-host-bootstrap-key").options.replacementTrigger, "2");
  });

  it("the first login believes the two keys of the stack only, and sends the lasting key by it", async () => {
    const ran = await contact(`
      printf '%s\\n' "$@" >args; cat >sent
      while [ $# -gt 0 ]; do case $1 in -i) cp -p "$2" key ;; UserKnownHostsFile=*) cp "\${1#*=}" known ;; esac; shift; done`);
    assert.equal(ran.code, 0, ran.stderr);
    const read = (name: string): string => readFileSync(path.join(ran.dir, name), "utf8");
    assert.match(
      read("args"),
      /^StrictHostKeyChecking=yes\n-o\nUserKnownHostsFile=\S+\n-o\nGlobalKnownHostsFile=\/dev\/null$/m,
    );
    assert.match(read("args"), /^HostKeyAlias=guest$/m);
    assert.match(read("known"), /^guest ssh-ed25519 \S+.*\nguest ssh-ed25519 \S+.*\n$/);
    assert.equal(statSync(path.join(ran.dir, "key")).mode & 0o77, 0);
    assert.notEqual(read("sent"), "");
    const left = execFileSync("find", [ran.dir, "-name", "tmp.*"], { encoding: "utf8" });
    assert.equal(left, "", "keys are left behind");
  });

  it("a server with another host key ends the deployment with its address and what to do", async () => {
    const ran = await contact("echo tried >>tries; echo 'Host key verification failed.' >&2; exit 255");
    assert.equal(ran.code, 1);
    assert.match(
      ran.stderr,
      /^cannot enter ptty2u@\S+: it has another host key than the stack gave it\. .* if not, rebuild it$/m,
    );
    assert.equal(readFileSync(path.join(ran.dir, "tries"), "utf8").split("\n").length, 11);
  });

  it("a server that is still booting is waited for", async () => {
    const ran = await contact(`
      echo tried >>tries
      [ "$(wc -l <tries)" -ge 30 ] || { echo 'ssh: connect to host x port 22: Connection refused' >&2; exit 255; }`);
    assert.equal(ran.code, 0, ran.stderr);
  });

  it("what runs in the guest is valid bash without a single quote", async () => {
    const { environment } = (await deploy()).resource(`${inside}-identity`).inputs;
    const { GUEST_INSTALL: install } = plain(environment) as { GUEST_INSTALL: string };
    execFileSync("bash", ["-n"], { input: install });
    assert.ok(!install.includes("'"));
  });
});

describe("another deploy key", () => {
  const [old, next] = [publicKeyLine("deploy"), publicKeyLine("next")];

  it("every connection checks the guest's lasting key and has the present deploy key", async () => {
    const seen = await deploy();
    const remote = commands(seen).filter(({ type }) => type === "command:remote:Command");
    assert.ok(remote.length > 10);
    for (const { name, inputs, options } of remote) {
      const { hostKey, privateKey } = plain(inputs.connection) as Record<string, unknown>;
      assert.match(String(hostKey), /^ssh-ed25519 /, name);
      assert.equal(privateKey, "key", name);
      assert.equal(options.ignoreChanges, undefined, name);
    }
  });

  it("a command whose connection alone differs runs nothing in the guest", async () => {
    for (const { name, inputs } of commands(await deploy())) {
      assert.match(String(inputs.update), /^(true|cat >\/dev\/null)$/, name);
      assert.ok(Array.isArray(inputs.triggers), name);
    }
  });

  it("a guest lets in the present and the next deploy key, and former ones no more", async () => {
    const access = async (more: object): Promise<string> =>
      String((await deploy(more)).resource(`${inside}-access`).inputs.stdin);
    const [first, second] = [
      await access({ deployKey: old, nextDeployKey: next }),
      await access({ deployKey: next, formerDeployKeys: [old] }),
    ];
    for (const key of [old, next]) assert.ok(first.includes(`key ptty2u present '${key}'`), key);
    assert.ok(second.includes(`key ptty2u present '${next}'`) && second.includes(`key ptty2u absent '${old}'`));
  });

  it("keys are added and removed as authorized_keys has them, and other keys stay", () => {
    const home = mkdtempSync(path.join(tmpdir(), "authorizedKeys-"));
    const file = path.join(home, ".ssh", "authorized_keys");
    const run = (...lines: string[]): void => {
      const fakes = `getent() { echo "x:x:0:0::${home}:"; }; change() { shift; "$@"; }`;
      execFileSync("bash", ["-s"], { input: [toolkit(), fakes, ...lines, ""].join("\n") });
    };
    const [andrew, user] = [publicKeyLine("andrew"), "root"];
    run(`key ${user} present '${andrew}'`, `key ${user} present '${old}'`, `key ${user} present '${next}'`);
    run(`key ${user} absent '${old}'`, `key ${user} absent '${old}'`);
    assert.deepEqual(readFileSync(file, "utf8").trim().split("\n"), [andrew, next]);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    run(`key ${user} absent '${andrew}'`, `key ${user} absent '${next}'`);
    assert.equal(readFileSync(file, "utf8"), "");
    assert.ok(!existsSync(`${file}.orrery`));
    rmSync(home, { recursive: true });
  });

  it("settings that would take the present key away are refused", () => {
    const problems = (more: object): string[] =>
      callystoRules(
        callystoSchema.settings.parse({ cloud: "lab", deployKey: old, zones: {}, environments: {}, ...more }),
      ).map(({ path: at }) => at);
    assert.deepEqual(problems({ nextDeployKey: next, formerDeployKeys: [publicKeyLine("older")] }), []);
    assert.deepEqual(problems({ formerDeployKeys: [`${old} again`] }), ["formerDeployKeys"]);
    assert.deepEqual(problems({ nextDeployKey: old }), ["nextDeployKey"]);
  });

  it("a private key that does not belong to the public one is recognised", () => {
    assert.ok(isPair(next, sample("ssh-private-key", "next")));
    assert.ok(!isPair(next, sample("ssh-private-key", "deploy")));
    assert.ok(isPair(next, "-----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY-----\n"));
  });

  it("a stack whose secrets are no pair with its settings still renders its guests", async () => {
    const seen = await deployCallysto(
      { "hub-dev": { ...hub, guest } },
      { deployKey: next },
      {},
      {},
      sample("ssh-private-key", "other"),
    );
    assert.ok(seen.tree.includes(`${inside}-access`));
  });
});
