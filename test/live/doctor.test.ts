/** The doctor on the lab: finds nothing wrong with the test stack, finds what is made wrong, and changes nothing. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import { labTarget } from "../../lab/pulumi.ts";
import { retarget, labKubeconfig } from "../../lab/retarget.ts";
import { openSalt } from "../../config/passphrase.ts";
import { samplePassphrase } from "../../config/samples.ts";
import { put, setSecret } from "../../config/stackEdit.ts";
import { readStackFile, stackPath } from "../../config/stackFile.ts";
import type { Finding } from "../../ops/lib/doctor/finding.ts";
import { main } from "../../cli/main.ts";
import { lab } from "../../lab/harness/cloud.ts";
import { api } from "../../lab/harness/kube.ts";
import { initStack, pulumi, type Target } from "../../lab/harness/engine.ts";

describe("the doctor on the lab", function () {
  this.timeout(600_000);
  const dir = mkdtempSync(path.join(tmpdir(), "doctor-"));
  const file = path.join(dir, "Pulumi.doctor.yaml");
  const target: Target = { stack: "doctor", file };
  const account = "/api/v1/namespaces/default/serviceaccounts/doctor";

  before(async () => {
    retarget(stackPath("test"), file, labTarget(lab), samplePassphrase("test"));
    await initStack(target);
  });
  after(async () => {
    await api.delete(account);
    await pulumi(["stack", "rm", "--yes", "--preserve-config"], target);
    rmSync(dir, { recursive: true });
  });

  /** Runs a command here; what it prints is its result. */
  async function run(...words: readonly string[]): Promise<{ code: number; out: string }> {
    const printed: string[] = [];
    const { log } = console;
    console.log = (line: string) => void printed.push(line);
    try {
      return { code: await main([...words, "--stack", "doctor", "--config-file", file]), out: printed.join("\n") };
    } finally {
      console.log = log;
    }
  }
  async function doctor(): Promise<{ code: number; findings: readonly Finding[] }> {
    const { code, out } = await run("doctor", "--resolver", `127.0.0.1:${lab.ports.dns}`, "--json");
    return { code, findings: JSON.parse(out) as Finding[] };
  }
  const digest = (): string => createHash("sha256").update(readFileSync(file)).digest("hex");
  const about = (findings: readonly Finding[], group: string): readonly Finding[] =>
    findings.filter((one) => one.about === group);
  /** Puts another kubeconfig into all of the stack's clusters. */
  function giveKubeconfig(kubeconfig: string): readonly string[] {
    const { text, encryptionSalt, entries } = readStackFile(file);
    const crypter = openSalt(encryptionSalt ?? "", samplePassphrase("test"));
    const keys = [...entries.keys()].filter((key) => key.startsWith("clusters:") && key !== "clusters:settings");
    writeFileSync(
      file,
      keys.reduce((before, key) => setSecret(before, key, crypter.encrypt(kubeconfig)), text),
    );
    return keys.map((key) => key.replace("clusters:", "cluster "));
  }

  it("the doctor finds no problem with the stack, and changes nothing", async () => {
    const [text, state] = [digest(), (await pulumi(["stack", "export"], target)).stdout];
    const { code, findings } = await doctor();
    const problems = findings.filter(({ level, about: group }) => level === "problem" && group !== "dns");
    assert.deepEqual(problems, []);
    assert.equal(code, findings.some(({ level }) => level === "problem") ? 1 : 0);
    for (const group of ["toolchain", "backend", "config", "secrets"]) {
      assert.ok(about(findings, group).length > 0, group);
    }
    assert.ok(findings.some(({ about: group, level }) => group.startsWith("cluster ") && level === "ok"));
    assert.ok(
      findings.some(({ about: group, text: said }) => group.startsWith("cloud ") && /accepts the login, as/.test(said)),
    );
    assert.ok(findings.some(({ about: group, text: said }) => group.startsWith("cloud ") && /quota/.test(said)));
    assert.deepEqual([digest(), (await pulumi(["stack", "export"], target)).stdout], [text, state]);
  });

  it("the doctor names the kinds that a cluster lacks, and the setting for which they are declared", async () => {
    const before = readFileSync(file, "utf8");
    const [cluster = ""] = Object.keys(
      JSON.parse(readStackFile(file).entries.get("clusters:settings")?.value ?? "{}") as object,
    );
    writeFileSync(
      file,
      put(before, ["config", "clusters:settings", cluster, "monitoring"], { namespace: "monitoring" }),
    );
    const { code, findings } = await doctor();
    writeFileSync(file, before);
    assert.equal(code, 1);
    const [found] = about(findings, `cluster ${cluster}`);
    assert.match(found?.text ?? "", /has no .*PrometheusRule \(monitoring\.coreos\.com\/v1\)/);
    assert.match(found?.fix ?? "", new RegExp(`remove clusters:settings\\.${cluster}\\.monitoring`));
  });

  it("the doctor reports which permissions an account lacks, and when its token expires", async () => {
    const metadata = { name: "doctor", namespace: "default" };
    await api.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata });
    const { status } = await api.post<{ status: { token: string } }>(`${account}/token`, {
      ...{ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" },
      spec: { expirationSeconds: 3600 },
    });
    const clusters = giveKubeconfig(labKubeconfig(lab).replace(/token: .*/, `token: ${status.token}`));
    const { code, findings } = await doctor();
    assert.equal(code, 1);
    const refused = clusters.flatMap((cluster) => about(findings, cluster));
    assert.ok(
      refused.some(
        ({ level, text }) =>
          level === "problem" &&
          /may not, in .*namespace \S+: .*create\/delete\/get\/list\/patch\/watch .*deployments\.apps/.test(text),
      ),
    );
    const ends = about(findings, "secrets").filter(
      ({ level, text }) => level === "warning" && /^clusters:\S+ ends on /.test(text),
    );
    assert.equal(ends.length, clusters.length);
    for (const { text } of findings) assert.ok(!text.includes(status.token));
  });

  it("the doctor reports a cluster that refuses the login or is unreachable", async () => {
    const clusters = giveKubeconfig(labKubeconfig(lab).replace(/token: .*/, "token: nobody's"));
    const refused = await doctor();
    assert.match(clusters.flatMap((cluster) => about(refused.findings, cluster))[0]?.text ?? "", /refuses the login/);
    giveKubeconfig(labKubeconfig(lab).replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1"));
    const gone = await doctor();
    assert.match(clusters.flatMap((cluster) => about(gone.findings, cluster))[0]?.text ?? "", /cannot be reached/);
  });

  it("config cloud takes the login of a clouds.yaml, which the doctor's cloud then accepts", async () => {
    const { text, encryptionSalt } = readStackFile(file);
    const crypter = openSalt(encryptionSalt ?? "", samplePassphrase("test"));
    const wrong = put(text, ["config", "clouds:settings", "lab", "userName"], "nobody");
    writeFileSync(file, setSecret(wrong, "clouds:lab", crypter.encrypt("not the password")));
    const clouds = path.join(dir, "clouds.yaml");
    const auth = {
      auth_url: `http://127.0.0.1:${lab.ports.keystone}/v3`,
      username: "callysto",
      password: lab.password,
    };
    const login = { auth: { ...auth, project_name: "callysto" }, region_name: "RegionOne" };
    writeFileSync(clouds, JSON.stringify({ clouds: { mine: login } }), { mode: 0o600 });
    const { code, out } = await run("config", "cloud", "lab", "--os-cloud", "mine", "--clouds-file", clouds);
    assert.equal(code, 0);
    assert.match(out, /^cloud "mine" of \S+: set clouds:settings\.lab\.userName, clouds:lab$/);
    assert.match(about((await doctor()).findings, "cloud lab")[0]?.text ?? "", /accepts the login, as /);
    assert.ok(!readFileSync(file, "utf8").includes(lab.password));
  });
});
