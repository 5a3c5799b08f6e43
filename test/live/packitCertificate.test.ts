/** Packit's wildcard certificate, by certbot from a real ACME server that asks a real name server; by hand and automatically. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:tls";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";
import { eventually } from "../../lab/harness/cloud.ts";
import { AcmeWorld } from "./packitOps/acme.ts";
import { ops, start } from "./packitOps/ops.ts";
import type { OpsOutcome } from "../../lab/harness/system.ts";

const wildcards = ["*.packit.dev", "*.stream.packit.dev", "*.stg.packit.dev", "*.stg.stream.packit.dev"];

describe("Packit's certificate commands", function () {
  this.timeout(300_000);
  let [dir, file]: [string, string] = ["", ""];
  let world: AcmeWorld;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    dir = mkdtempSync(path.join(tmpdir(), "packit-certificate-"));
    file = path.join(dir, "Pulumi.stage.yaml");
    world = await AcmeWorld.open();
    env = { ...world.env, PULUMI_CONFIG_PASSPHRASE: samplePassphrase("stage") };
  });
  after(async () => {
    await world.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const words = (folder: string, ...more: string[]): string[] => [
    ...["obtain-certificate", "--config-dir", path.join(dir, folder), "--server", world.server],
    ...["--nameserver", world.nameserver, "--poll", "0.2s", ...more],
  ];
  const obtain = (folder: string, ...more: string[]): Promise<OpsOutcome> => ops(words(folder, ...more), env);
  const live = (folder: string, name: string): string =>
    readFileSync(path.join(dir, folder, "live", "packit.dev", name), "utf8");
  const namesOf = (pem: string): string[] =>
    [...(new X509Certificate(pem).subjectAltName ?? "").matchAll(/DNS:([^,]+)/g)].map(([, name]) => name ?? "").sort();

  it("manually, the command prints each record, waits until DNS shows it, and continues", async () => {
    // Of an earlier time: the person must write over it.
    world.update("update add _acme-challenge.packit.dev. 1 TXT stale");
    const running = start(words("hand"), env);
    const set = new Set<string>();
    const person = setInterval(() => {
      for (const [, name = "", value = ""] of running.heard().matchAll(/^ {2}(_acme-challenge\.\S+) {2}(\S+)$/gm)) {
        if (set.has(name)) continue;
        set.add(name);
        world.update(`update delete ${name}. TXT`, `update add ${name}. 1 TXT ${value}`);
      }
    }, 100);
    const { code, stdout, stderr } = await running.outcome;
    clearInterval(person);
    assert.equal(code, 0, stderr);
    assert.deepEqual([...set].sort(), wildcards.map((name) => name.replace("*", "_acme-challenge")).sort());
    assert.match(stdout, /hand\/live\/packit\.dev: valid for \*\.packit\.dev, .* until \d{4}-\d\d-\d\d\n$/);
    const chain = live("hand", "fullchain.pem");
    assert.deepEqual(namesOf(chain), [...wildcards].sort());
    assert.match(new X509Certificate(chain).issuer, /Pebble/);
    // Again: the certificate is still good, so nobody is asked anything.
    const again = await obtain("hand");
    assert.equal(again.code, 0, again.stderr);
    assert.equal(again.stderr, "");
    assert.equal(live("hand", "fullchain.pem"), chain);
  });

  it("a DNS plugin obtains the certificate automatically for the secrets of Packit and Stream", async () => {
    copyFileSync(stackPath("stage"), file);
    const plugin = ["--dns", "rfc2136", "--credentials", world.credentials, "--wait", "1s"];
    const { code, stdout, stderr } = await obtain("plugin", ...plugin, "--stack", "stage", "--config-file", file);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /wrote packit's of stage\nwrote stream's of stage\nnext: npx pulumi up --stack stage\n$/);
    const { entries, encryptionSalt } = readStackFile(file);
    const crypter = openSalt(encryptionSalt ?? "", samplePassphrase("stage"));
    for (const service of ["packit", "stream"]) {
      const secret = (name: string): string => crypter.decrypt(entries.get(`${service}:${name}`)?.value ?? "");
      assert.equal(secret("tlsCertificate"), live("plugin", "fullchain.pem"));
      assert.equal(secret("tlsKey"), live("plugin", "privkey.pem"));
    }
    // Nothing else of the file has changed.
    const others = (text: string): string => text.replaceAll(/(tls(Certificate|Key):\n\s+secure: ).*/g, "$1");
    assert.equal(others(readFileSync(file, "utf8")), others(readFileSync(stackPath("stage"), "utf8")));
  });

  it("a hook program obtains the certificate automatically, and the records are removed afterwards", async () => {
    const { code, stderr } = await obtain("hook", "--hook", world.hook(), "--domain", "*.packit.dev");
    assert.equal(code, 0, stderr);
    assert.deepEqual(namesOf(live("hook", "fullchain.pem")), ["*.packit.dev"]);
    const found = execFileSync("dig", [
      "+short",
      "@127.0.0.1",
      "-p",
      world.nameserver.split(":")[1] ?? "",
      "TXT",
      "_acme-challenge.packit.dev",
    ]);
    assert.doesNotMatch(found.toString(), new RegExp(`^"[\\w-]{43}"\n"[\\w-]{43}"`), "two records are left");
  });

  it("the certificate command reports what is wrong, and writes no secret then", async () => {
    const before_ = readFileSync(file, "utf8");
    const never = await obtain("never", "--domain", "*.stg.packit.dev", "--patience", "1s");
    assert.equal(never.code, 1);
    const left = () => spawnSync("pgrep", ["-f", path.join(dir, "never", "orrery-hook")], { encoding: "utf8" }).stdout;
    await eventually(
      "the hook's end",
      () => Promise.resolve(left()),
      (found) => found === "",
      10,
    );
    assert.match(
      never.stderr,
      /orrery: DNS does not show the TXT record _acme-challenge\.stg\.packit\.dev = \S+ \(it has .*\); no certificate was got/,
    );
    // A record with something else in it: the authority looks for itself and says no.
    writeFileSync(path.join(dir, "wrong"), `#!/bin/sh\nexec '${world.hook()}' "$1" "$2" wrong\n`, { mode: 0o755 });
    const refused = await obtain("refused", "--hook", path.join(dir, "wrong"), "--domain", "*.packit.dev");
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^orrery: certbot got no certificate \(exit code 1\): .*Correct value not found for DNS challenge/,
    );
    const stack = ["--stack", "stage", "--config-file", file];
    // A certificate of one wildcard does not do for all hosts.
    const narrow = await ops(["install-certificate", path.join(dir, "hook", "live", "packit.dev"), ...stack], env);
    assert.match(
      narrow.stderr,
      /the certificate does not cover dashboard\.stg\.packit\.dev, .*; a wildcard covers one label only/,
    );
    const mixed = path.join(dir, "mixed");
    mkdirSync(mixed);
    writeFileSync(path.join(mixed, "fullchain.pem"), live("plugin", "fullchain.pem"));
    assert.match((await ops(["install-certificate", mixed, ...stack], env)).stderr, /mixed lacks privkey\.pem/);
    writeFileSync(path.join(mixed, "privkey.pem"), live("hand", "privkey.pem"));
    assert.match(
      (await ops(["install-certificate", mixed, ...stack], env)).stderr,
      /the key is not this certificate's/,
    );
    writeFileSync(path.join(mixed, "privkey.pem"), "nothing");
    assert.match((await ops(["install-certificate", mixed, ...stack], env)).stderr, /the key is malformed/);
    const unknown = await obtain("unknown", "--stack", "prod");
    assert.match(unknown.stderr, /DNS does not know .*prod\.packit\.dev.*; create them first/);
    assert.match(
      (await obtain("x", "--dns", "rfc2136")).stderr,
      /--dns rfc2136 requires its login: --credentials FILE/,
    );
    assert.equal(readFileSync(file, "utf8"), before_);
  });

  it("inspect reads a file as OpenSSL does, and a server", async () => {
    const pem = path.join(dir, "plugin", "live", "packit.dev", "fullchain.pem");
    const { code, stdout } = await ops(["inspect-certificate", pem]);
    assert.equal(code, 0);
    const serial = execFileSync("openssl", ["x509", "-noout", "-serial", "-in", pem], { encoding: "utf8" });
    assert.match(
      stdout,
      new RegExp(`^Serial Number \\(hex\\): ${serial.trim().replace("serial=", "").toLowerCase()}\nIssuer: CN=Pebble`),
    );
    assert.match(stdout, /Not After: .* \(\d+ days more\)\nCertificates in the chain: 2\n$/);
    const server = createServer({ cert: live("plugin", "fullchain.pem"), key: live("plugin", "privkey.pem") }).listen(
      0,
      "127.0.0.1",
    );
    await new Promise((resolve) => server.once("listening", resolve));
    const host = `localhost:${(server.address() as AddressInfo).port}`;
    const served = await ops(["inspect-certificate", "--host", host, "--json"]);
    server.close();
    assert.equal(
      (JSON.parse(served.stdout) as { serial: string }).serial,
      serial.trim().replace("serial=", "").toLowerCase(),
    );
    assert.equal((await ops(["inspect-certificate", pem, "--warn", "9999"])).code, 1);
    assert.match((await ops(["inspect-certificate", "package.json"])).stderr, /^orrery: that is no PEM certificate/);
  });
});
