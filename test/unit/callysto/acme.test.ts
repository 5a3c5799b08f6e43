import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { acme, certificateFiles, designateSecretFile } from "../../../components/callysto/guest/acme.ts";
import { access } from "../../../components/callysto/guest/access.ts";
import { pushAccount, pusher, receiverFile } from "../../../components/callysto/guest/certificate.ts";
import { sshOptions } from "../../../components/callysto/guest/knownHosts.ts";
import { claviusGuest, type CertificateSettings } from "../../../components/callysto/guest/settings.ts";
import { publicKeyLine } from "../../../config/samples.ts";

const dev = {
  domain: "callysto.farm",
  challenge: {
    mode: "designate",
    authUrl: "https://keystone.example.org/v3",
    region: "Calgary",
    applicationCredentialId: "a1",
  },
  servers: ["hub-dev.callysto.farm"],
};
const prod = { domain: "callysto.ca", challenge: { mode: "manual", recipient: "sysadmin@callysto.ca" } };

function settings(certificates: object): Record<string, CertificateSettings> {
  return claviusGuest.parse({ certificates }).certificates;
}
function file(name: string, end: string, one: object): string {
  const parsed = settings({ [name]: one })[name];
  assert.ok(parsed);
  const found = certificateFiles(name, parsed, { "hub-dev.callysto.farm": publicKeyLine("hub-dev") }).find((each) =>
    each.path.endsWith(`/${name}/${end}`),
  );
  return found?.text ?? "";
}

describe("Callysto's certificates", () => {
  it("certbot's configuration, domains and challenge method are files that can be reviewed", () => {
    const config = file("dev", "config", dev);
    for (const line of [
      "CA=https://acme-v02.api.letsencrypt.org/directory",
      "BASEDIR=/home/ptty2u/work/letsencrypt/dev",
      "CHALLENGETYPE=dns-01",
      "KEYSIZE=4096",
      "PRIVATE_KEY_RENEW=yes",
    ]) {
      assert.ok(config.includes(`${line}\n`), line);
    }
    assert.equal(file("dev", "domains.txt", dev), "*.callysto.farm > star_callysto_farm\n");
    const pushKey = "/etc/callysto/letsencrypt/push";
    const { mode, ...designate } = dev.challenge;
    assert.equal(mode, "designate");
    assert.deepEqual(JSON.parse(file("dev", "hook.json", dev)), {
      designate,
      servers: dev.servers,
      pushKey,
      sshOptions: sshOptions("/etc/callysto/letsencrypt/dev/known_hosts"),
    });
    const manual = { recipient: "sysadmin@callysto.ca", hours: 24 };
    assert.deepEqual(JSON.parse(file("prod", "hook.json", prod)), {
      manual,
      servers: [],
      pushKey,
      sshOptions: sshOptions("/etc/callysto/letsencrypt/prod/known_hosts"),
    });
    assert.equal(designateSecretFile("dev"), "/etc/callysto/letsencrypt/dev/secret");
  });

  it("certificates are checked daily, and only while the encrypted volume is mounted", () => {
    const part = acme(settings({ dev, prod }), {});
    const text = (name: string): string => part.files?.find((each) => each.path.endsWith(name))?.text ?? "";
    assert.match(text("callysto-certificate@.service"), /^ConditionPathIsMountPoint=\/home\/ptty2u\/work$/m);
    assert.match(text("callysto-certificate@.timer"), /^OnCalendar=daily$/m);
    assert.deepEqual(
      part.units?.map(({ name }) => name),
      ["callysto-certificate@dev.timer", "callysto-certificate@prod.timer"],
    );
    const renew = spawnSync("sh", ["-s", "dev"], { input: text("renew-certificate"), encoding: "utf8" });
    assert.equal(renew.status, 1);
    assert.match(renew.stderr, /^there is no certificate "dev"; there are:/m);
  });

  it("a certificate is renewed when a third of its life is left, however long that is", () => {
    const dir = mkdtempSync(path.join(tmpdir(), "callysto-acme-"));
    try {
      const days = (life: number): string => {
        const at = path.join(dir, "certs", "star_callysto_farm");
        execFileSync("mkdir", ["-p", at]);
        const out = ["-keyout", `${at}/key.pem`, "-out", `${at}/cert.pem`, "-days", String(life), "-subj", "/CN=x"];
        const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]; // made at once, unlike RSA's
        execFileSync("openssl", ["req", "-x509", ...key, ...out], { stdio: "ignore" });
        const own = file("dev", "config", dev).replace("/home/ptty2u/work/letsencrypt/dev", dir);
        return execFileSync("bash", ["-euc", `${own}\necho $RENEW_DAYS`], { encoding: "utf8" }).trim();
      };
      assert.deepEqual([90, 64, 45, 6].map(days), ["30", "21", "15", "2"]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("certificates are pushed by an account that can do nothing else", () => {
    const key = publicKeyLine("clavius");
    const part = pushAccount(key);
    const text = (end: string): string => part.files?.find((each) => each.path.endsWith(end))?.text ?? "";
    assert.equal(
      text("authorized_keys"),
      `restrict,command="sudo -n /usr/local/sbin/receive-certificate" ${key.trim()}\n`,
    );
    assert.equal(
      text("sudoers.d/certificate"),
      'certificate ALL=(root) NOPASSWD: /usr/local/sbin/receive-certificate ""\n',
    );
    assert.match(access([], [pusher]).files?.[0]?.text ?? "", /^AllowUsers ptty2u certificate$/m);
  });

  it("a hub refuses a pushed certificate that is incomplete or not its own, and changes nothing", () => {
    const dir = mkdtempSync(path.join(tmpdir(), "callysto-receiver-"));
    try {
      // Toolkit functions that would change this machine are replaced; the checks are the real ones.
      const words = `fail() { echo "error: $*" >&2; exit 1; }; file() { cat >/dev/null; echo "changed: $1"; }; unit() { :; }; apachectl() { :; }`;
      const script = receiverFile("hub-dev.callysto.farm").text.replace(/^\. .*converge\.sh$/m, words);
      const receive = (input: string): { status: number | null; stderr: string; stdout: string } =>
        spawnSync("bash", ["-c", script], { input, encoding: "utf8", cwd: dir });
      const issue = (name: string): string => {
        const request = [
          "req",
          "-x509",
          "-newkey",
          "rsa:2048",
          "-nodes",
          "-subj",
          "/CN=x",
          "-keyout",
          "k",
          "-out",
          "c",
        ];
        execFileSync("openssl", [...request, "-addext", `subjectAltName=DNS:${name}`], {
          cwd: dir,
          stdio: "ignore",
        });
        return execFileSync("cat", ["k", "c"], { cwd: dir, encoding: "utf8" });
      };
      const good = issue("*.callysto.farm");
      const taken = receive(good);
      assert.equal(taken.status, 0, taken.stderr);
      assert.match(taken.stdout, /changed: \/etc\/pki\/tls\/private\/privkey\.pem/);
      const [key = "", certificate = ""] = good.split(/(?=-----BEGIN CERTIFICATE)/);
      const other = issue("*.callysto.farm").split(/(?=-----BEGIN CERTIFICATE)/)[0] ?? "";
      for (const [input, message] of [
        ["", /there is no private key in what came/],
        [key, /there is no certificate in what came/],
        [other + certificate, /the private key is not the certificate's/],
        [issue("*.callysto.ca"), /the certificate is not for hub-dev\.callysto\.farm: DNS:\*\.callysto\.ca/],
      ] as const) {
        const refused = receive(input);
        assert.equal(refused.status, 1);
        assert.match(refused.stderr, message);
        assert.equal(refused.stdout, "");
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
