/** The doctor's conclusions from given observations; live tests show that it makes them. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "mocha";
import { openSalt } from "../../config/passphrase.ts";
import { kubeconfig, sample, sampleCertificate, samplePassphrase } from "../../config/samples.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";
import { delegated } from "../../ops/lib/doctor/clouds.ts";
import { clusters } from "../../ops/lib/doctor/clusters.ts";
import { config, endFinding, endOf } from "../../ops/lib/doctor/config.ts";
import { driftCounts } from "../../ops/lib/doctor/drift.ts";
import { cliFinding, pluginFindings, stateFindings } from "../../ops/lib/doctor/toolchain.ts";
import { complaintOf, engineProblem } from "../../ops/lib/pulumi.ts";
import { openStackSecrets } from "../../ops/lib/secrets/stackSecrets.ts";
import { needsKubectl } from "./config/kubectl.ts";

const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;

describe("the doctor", () => {
  it("the doctor knows when certificates and tokens expire", async () => {
    const end = new Date(1_800_000_000_000);
    assert.deepEqual(await endOf("token", jwt({ exp: 1_800_000_000 })), end);
    assert.equal(await endOf("token", "opaque"), undefined);
    assert.ok((await endOf("pem-certificate", sampleCertificate("seed", ["a.example.org"]))) instanceof Date);
    assert.equal(await endOf("json", sample("json", "seed")), undefined);
    const level = (days: number): string =>
      endFinding("x:y", new Date(end.getTime() + days * 86_400_000), end, "get another").level;
    assert.deepEqual([-1, 0, 29, 30].map(level), ["problem", "warning", "warning", "ok"]);
  });

  it("the doctor knows when a kubeconfig's login expires, including a token in a file", async function () {
    needsKubectl.call(this);
    const dir = mkdtempSync(path.join(tmpdir(), "doctor-"));
    const [end, token] = [new Date(1_800_000_000_000), jwt({ exp: 1_800_000_000 })];
    const text = kubeconfig("https://example.invalid", "TOKEN");
    writeFileSync(path.join(dir, "token"), `${token}\n`);
    const certificate = sampleCertificate("seed", ["me"]);
    writeFileSync(path.join(dir, "cert.pem"), certificate);
    const of = (user: string): Promise<Date | undefined> => endOf("kubeconfig", text.replace("token: TOKEN", user));
    assert.deepEqual(await of(`token: ${token}`), end);
    assert.deepEqual(await of(`tokenFile: ${dir}/token`), end);
    const { validTo } = new X509Certificate(certificate);
    assert.deepEqual(await of(`client-certificate: ${dir}/cert.pem`), new Date(validTo));
    for (const user of [
      "token: sha256~opaque",
      "tokenFile: /none",
      "client-certificate: /none",
      "exec: {command: x}",
      "x",
    ]) {
      assert.equal(await of(user), undefined, user);
    }
    rmSync(dir, { recursive: true });
  });

  it("the doctor reports each sample that must not be deployed, with its command, and accepts them in the lab", async () => {
    const of = async (stack: string) => {
      const crypter = openSalt(readStackFile(stackPath(stack)).encryptionSalt ?? "", samplePassphrase(stack));
      return (await config(openStackSecrets({ stack }, crypter), new Date(0))).filter(
        ({ about: group }) => group === "secrets",
      );
    };
    const prod = await of("prod");
    const count = [...readStackFile(stackPath("prod")).entries.values()].filter(({ secret }) => secret).length;
    const refused = prod.filter(
      ({ level, text }) => level === "problem" && text.endsWith("; preview and up refuse it"),
    );
    const addresses = readStackFile(stackPath("prod")).text.match(/\bsample\.invalid\b/g) ?? [];
    assert.equal(refused.length, count + addresses.length + 5 + 1, "secrets, addresses, public keys, the passphrase");
    assert.deepEqual(
      refused.find(({ text }) => text.startsWith("prow:hmac ")),
      {
        ...{ level: "problem", about: "secrets", text: "prow:hmac is a published sample; preview and up refuse it" },
        fix: "npx pulumi config set --stack prod --secret prow:hmac",
      },
    );
    assert.deepEqual(refused.at(-1), {
      ...{ level: "problem", about: "secrets" },
      text: "the passphrase of stack prod is published; preview and up refuse it",
      fix: "npm run ops -- secrets passphrase --stack prod",
    });
    const test = await of("test");
    assert.deepEqual(
      test.filter(({ level }) => level === "problem"),
      [],
    );
    assert.match(test[0]?.text ?? "", /^\d+ are published samples, which the stack's settings let in: /);
  });

  it("the doctor asks no cluster whose kubeconfig is a published sample, which it has reported", async () => {
    const crypter = openSalt(readStackFile(stackPath("prod")).encryptionSalt ?? "", samplePassphrase("prod"));
    const prod = openStackSecrets({ stack: "prod" }, crypter);
    const logins = prod.secrets.filter(({ schema }) => schema.namespace === "clusters");
    assert.ok(logins.length > 1 && logins.every(({ state }) => state === "sample"));
    const reported = (await config(prod, new Date(0))).map(({ text }) => text);
    for (const { key } of logins)
      assert.ok(reported.includes(`${key} is a published sample; preview and up refuse it`), key);
    assert.deepEqual(await clusters(prod, new Map()), []);
  });

  it("the doctor minds an older CLI and one of another major version, not a newer one", () => {
    const level = (cli: string): string => cliFinding(cli, "3.256.0").level;
    assert.deepEqual(["3.256.0", "3.256.1", "3.270.0"].map(level), ["ok", "ok", "ok"]);
    assert.deepEqual(["3.255.9", "2.300.0", "4.0.0"].map(level), ["problem", "problem", "problem"]);
    assert.match(cliFinding("3.255.9", "3.256.0").text, /the CLI is too old/);
    assert.match(cliFinding("4.0.0", "3.256.0").text, /another major version/);
  });

  it("the doctor names the commands that install the plugins which an update could not take", () => {
    const sdks = { "@pulumi/kubernetes": "4.25.0", "@pulumi/tls": "5.6.1", "@pulumi/pulumi": "3.256.0", zod: "4.0.0" };
    const plugin = (name: string, version: string) => ({ name, version });
    const tls = plugin("tls", "5.6.1");
    const findings = (...there: { name: string; version: string }[]) => pluginFindings(sdks, [tls, ...there]);
    assert.deepEqual(findings(plugin("kubernetes", "4.25.0")), [
      { level: "ok", about: "toolchain", text: "all plugins have their SDK's version" },
    ]);
    const fix = "npx pulumi plugin install resource kubernetes 4.25.0";
    for (const old of ["4.24.9", "5.0.0"])
      assert.deepEqual(findings(plugin("kubernetes", old)), [
        { level: "problem", about: "toolchain", text: `plugins are missing: kubernetes 4.25.0 (not ${old})`, fix },
      ]);
    assert.equal(findings()[0]?.fix, fix);
    const [newer] = findings(plugin("kubernetes", "4.30.0"));
    assert.equal(newer?.level, "ok");
    assert.match(newer.text, /the next update downloads kubernetes 4\.25\.0 \(not 4\.30\.0\); or npx pulumi plugin/);
  });

  it("an engine that cannot be downloaded is told from a backend that cannot be reached", () => {
    assert.equal(
      engineProblem("Downloading pulumi v3.256.0...\npulumi: fetch failed\n"),
      "the Pulumi CLI does not run: fetch failed",
    );
    assert.equal(engineProblem("error: read .pulumi/meta.yaml: no such host"), undefined);
  });

  it("a lock that a killed update left is reported with the command that frees it", () => {
    const said =
      "error: the stack is currently locked by 1 lock(s). Either wait or `pulumi cancel`.\n  file:///x/lock.json: created by ann@a (pid 7)\n";
    assert.equal(
      complaintOf("prod", said),
      "it is locked: file:///x/lock.json: created by ann@a (pid 7); npx orrery state recover --stack prod says whether its holder still works, and frees it",
    );
    const refused = "error: cannot open postgres://orrery:se-cret@db:5432/state: connection refused\n";
    assert.equal(complaintOf("prod", refused), "cannot open postgres://db:5432/state: connection refused");
    assert.equal(complaintOf("prod", "warning: x\nerror: no such stack\n"), "no such stack");
    assert.match(complaintOf("prod", "pulumi: fetch failed"), /^the Pulumi CLI does not run: fetch failed; npx pulumi/);
  });

  it("the doctor distinguishes an interrupted update from a complete state", () => {
    const urn = "urn:pulumi:s::orrery::kubernetes:core/v1:ConfigMap::files";
    assert.deepEqual(
      stateFindings("s", { deployment: { resources: [{}], manifest: { time: "2026-01-02T03:04:05Z" } } }),
      [{ level: "ok", about: "backend", text: "stack s has 1 resources, last changed 2026-01-02T03:04" }],
    );
    const [, found] = stateFindings("s", {
      deployment: { pending_operations: [{ type: "creating", resource: { urn } }] },
    });
    assert.equal(found?.level, "problem");
    assert.match(found.text, /creating files$/);
    assert.match(found.fix ?? "", /state recover --stack s/);
  });

  it("a zone's name servers are compared regardless of case, order and dots", () => {
    const own = ["ns1.example.org.", "ns2.example.org."];
    assert.equal(delegated("z.org", own, ["NS2.example.org", "ns1.example.org"]).level, "ok");
    assert.equal(delegated("z.org", own, ["ns1.example.org", "old.example.net"]).level, "warning");
    assert.equal(delegated("z.org", own, ["old.example.net"]).level, "problem");
    assert.match(
      delegated("z.org", own, []).fix ?? "",
      /delegate it by NS records: ns1\.example\.org, ns2\.example\.org$/,
    );
  });

  it("the doctor reads the summary of a refresh", () => {
    const output =
      "Refreshing (s):\n\nResources:\n    ~ 1 to update\n    - 2 to delete\n    3 changes. 100 unchanged\n";
    assert.deepEqual(driftCounts(output), { update: 1, delete: 2, unchanged: 100 });
    assert.deepEqual(driftCounts("Resources:\n    13 unchanged\n\nDuration: 2s\n"), { unchanged: 13 });
  });
});
