/** Finding 17: a guest's own connections go to known hosts only, and a copy deletes nothing because something is not mounted. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "mocha";
import { callystoRules } from "../../../components/callysto/rules.ts";
import { backup } from "../../../components/callysto/guest/backup.ts";
import { knownHosts, sshOptions } from "../../../components/callysto/guest/knownHosts.ts";
import { hubGuest } from "../../../components/callysto/guest/settings.ts";
import { callystoSchema } from "../../../components/callysto/config.ts";
import { publicKeyLine } from "../../../config/samples.ts";
import { Secret } from "../../../review/evaluate/secret.ts";
import { deployCallysto, hub } from "../callysto/fixture.ts";

const image = "docker.io/callysto/pims-r:1";
const guest = { jupyterhub: { authenticator: "pam", image } };
const clavius = {
  ...{ kind: "clavius", domain: "callysto.farm", name: { mode: "fixed", label: "clavius" } },
  ...{ flavor: "m1.small", image: "debian-12" },
};
const certificate = {
  domain: "callysto.farm",
  challenge: { mode: "manual", recipient: "sysadmin@callysto.ca" },
  servers: ["hub-dev.callysto.farm", "hub.elsewhere.org"],
};
const push = { ...clavius, guest: { certificates: { dev: certificate } } };
const pushWithKey = {
  ...clavius,
  guest: { certificates: { dev: { ...certificate, hostKeys: { "hub.elsewhere.org": publicKeyLine("elsewhere") } } } },
};

describe("a guest's own connections", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "hostKeys-"));
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it("a copy to a host without a host key is refused by the settings", () => {
    const wrong = hubGuest.safeParse({ ...guest, backup: { remoteUser: "u", remoteHost: "h" } });
    assert.deepEqual(
      wrong.error?.issues.map(({ path: at }) => at.join(".")),
      ["backup.hostKey"],
    );
  });

  it("a server that gets a certificate is a hub of the stack, or has its host key in the settings", () => {
    const problems = (environment: object): string[] => {
      const settings = callystoSchema.settings.parse({
        ...{ cloud: "lab", deployKey: publicKeyLine("deploy"), zones: { "callysto.farm": { mode: "outside" } } },
        environments: { "hub-dev": { ...hub, guest }, clavius: environment },
      });
      return callystoRules(settings).map(({ path: at, problem }) => `${at} ${problem}`);
    };
    assert.deepEqual(problems(pushWithKey), []);
    const [problem = "", ...more] = problems(push);
    assert.deepEqual(more, []);
    assert.match(
      problem,
      /^environments\.clavius\.guest\.certificates\.dev\.hostKeys has no key of hub\.elsewhere\.org, .*npx pulumi stack output callysto/,
    );
  });

  it("the workstation believes the hubs by the host keys that the stack gives them", async () => {
    const seen = await deployCallysto(
      { clavius: pushWithKey, "hub-dev": { ...hub, guest, keypair: { mode: "shared", with: "clavius" } } },
      {},
      { certificatePushKey: { clavius: "s" } },
    );
    const text = String(seen.resource("callysto-clavius-inside-guest-certificates").inputs.stdin);
    const file = /file \S+\/dev\/known_hosts .*\n([^]*?)END_OF_FILE\n/.exec(text)?.[1] ?? "";
    const known = path.join(dir, "known_hosts");
    writeFileSync(known, file);
    const connection = seen.resource("callysto-hub-dev-inside-guest-base").inputs.connection as Secret;
    const { hostKey } = connection.value as { hostKey: string };
    for (const [host, key] of [
      ["hub-dev.callysto.farm", hostKey],
      ["hub.elsewhere.org", publicKeyLine("elsewhere")],
    ] as const) {
      assert.ok(file.includes(`${host} ${key.split(" ").slice(0, 2).join(" ")}\n`), file);
    }
    assert.equal(file.split("\n").length, 4);
  });

  it("a certificate is pushed with the known hosts, and its key is not sent to a host that ssh refuses", () => {
    const folder = path.join(dir, "hook");
    const bin = path.join(folder, "bin");
    mkdirSync(bin, { recursive: true });
    const known = path.join(folder, "known_hosts");
    const settings = { manual: {}, servers: ["hub-dev"], pushKey: "/push", sshOptions: sshOptions(known) };
    writeFileSync(path.join(folder, "hook.json"), JSON.stringify(settings));
    for (const name of ["key", "chain"]) writeFileSync(path.join(folder, name), `${name}\n`);
    writeFileSync(path.join(bin, "ssh"), `#!/bin/sh\necho "$@" >"${folder}/said"; cat >"${folder}/got"; exit 0\n`);
    chmodSync(path.join(bin, "ssh"), 0o755);
    const hook = path.join(import.meta.dirname, "../../../components/callysto/guest/acmeHook.py");
    const words = ["deploy_cert", "d", path.join(folder, "key"), "c", path.join(folder, "chain"), "t"];
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? ""}`, CALLYSTO_CERTIFICATE: folder };
    const done = spawnSync("python3", [hook, ...words], { env, encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    assert.equal(readFileSync(path.join(folder, "got"), "utf8"), "key\nchain\n");
    const said = readFileSync(path.join(folder, "said"), "utf8");
    assert.match(said, /-o BatchMode=yes .*-o StrictHostKeyChecking=yes -o UserKnownHostsFile=\S+\/known_hosts /);
    assert.match(said, / certificate@hub-dev\n$/);
  });

  it("no script of any guest believes an unknown host", async () => {
    const more = { backup: { remoteUser: "u", remoteHost: "h", hostKey: publicKeyLine("h") } };
    const seen = await deployCallysto(
      { clavius: pushWithKey, "hub-dev": { ...hub, guest: { ...guest, ...more } } },
      {},
      { certificatePushKey: { clavius: "s" }, backupKey: { "hub-dev": "s" } },
    );
    const texts = seen.resources.map(({ inputs }) => JSON.stringify(inputs)).join("\n");
    assert.match(texts, /StrictHostKeyChecking=yes/);
    assert.doesNotMatch(texts, /accept-new|StrictHostKeyChecking=(no|off|ask)/);
  });

  it("the known hosts are lines that OpenSSH reads", () => {
    const file = path.join(dir, "known");
    const key = publicKeyLine("h");
    writeFileSync(file, knownHosts({ "backup.example.org": `${key} a comment\n`, "2001:db8::1": key }));
    for (const host of ["backup.example.org", "2001:db8::1"]) {
      const { stdout } = spawnSync("ssh-keygen", ["-F", host, "-f", file], { encoding: "utf8" });
      assert.ok(stdout.includes(key.split(" ")[1] ?? "-"), host);
    }
  });
});

describe("the weekly copy of the homes", () => {
  const settings = { remoteUser: "u", remoteHost: "h", sourceDirectory: "/tank/home/", hostKey: publicKeyLine("h") };
  const script = backup(settings).files?.find(({ path: file }) => file.includes("cron.weekly"))?.text ?? "";
  const run = (fakes: string): { code: number | null; said: string } => {
    const text = `flock() { :; }\nrsync() { echo "rsync $*" >&3; }\n${fakes}\n${script.replace("log=/var/log/rrsync.log", "log=/dev/null")}`;
    const { status, stdout, stderr } = spawnSync("sh", ["-c", `exec 3>&1; ${text}`], { encoding: "utf8" });
    return { code: status, said: `${stdout}${stderr}` };
  };
  const homes = "zfs() { printf '%s\\n' /tank/home /tank/home/alice /tank/home/bob; }";

  it("the copy is made when every home is mounted, and deletes a limited number of files", () => {
    const { code, said } = run(`${homes}; mountpoint() { :; }`);
    assert.equal(code, 0, said);
    assert.match(said, /^rsync -a --timeout=3600 --delete --max-delete=10000 .* \/tank\/home\/ u@h:\/$/m);
  });

  it("a copy that still runs after a week has no second one beside it", () => {
    const { code, said } = run(`${homes}; mountpoint() { :; }; flock() { return 1; }`);
    assert.equal(code, 1);
    assert.equal(said, "the copy of /tank/home/ to h was not made: the one of last week still runs\n");
  });

  it("nothing is copied, and so nothing deleted, while a home is not mounted or the pool is missing", () => {
    for (const [fakes, message] of [
      [`${homes}; mountpoint() { [ "$2" != /tank/home/bob ]; }`, "/tank/home/bob is not mounted; see: zfs mount -a"],
      [`${homes}; mountpoint() { [ "$2" != /tank/home ]; }`, "/tank/home is not mounted"],
      ["zfs() { echo 'cannot open tank' >&2; return 1; }; mountpoint() { :; }", "zfs does not list the homes"],
    ] as const) {
      const { code, said } = run(fakes);
      assert.equal(code, 1);
      assert.ok(said.includes(`the copy of /tank/home/ to h was not made: ${message}`), said);
      assert.doesNotMatch(said, /^rsync/m);
    }
  });
});
