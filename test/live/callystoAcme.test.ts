/** A wildcard certificate from a real ACME server: dehydrated with our hook asks Designate, the server asks the lab's BIND. */
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import { acme } from "../../components/callysto/guest/acme.ts";
import { claviusGuest } from "../../components/callysto/guest/settings.ts";
import { installPackages } from "../../lab/openstack/packages.ts";
import { ensureTool } from "../../lab/tools/tools.ts";
import { readCertificate } from "../../ops/callysto/pushCertificate.ts";
import { eventually, lab, openstackApi, type Row } from "./cloud.ts";

const api = openstackApi(lab);
const domain = `acme-${randomBytes(4).toString("hex")}.test`;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("certificates from an ACME server", function () {
  this.timeout(300_000);
  let dir: string;
  let zone: Row;
  let credential: { id: string; secret: string; user: string };
  let pebble: ChildProcess;
  let directory: string;

  before(async () => {
    await installPackages(["dehydrated", "openssl", "curl"], () => undefined);
    dir = mkdtempSync(path.join(tmpdir(), "callysto-acme-"));
    zone = await api.post("dns", "/zones", { name: `${domain}.`, email: "hostmaster@example.org" });
    const { token } = (await (await api.request("identity", "/auth/tokens", { headers: await own() })).json()) as {
      token: { user: { id: string } };
    };
    const name = { application_credential: { name: domain } };
    const path3 = `/users/${token.user.id}/application_credentials`;
    const made = (await (await api.request("identity", path3, { method: "POST", body: name })).json()) as {
      application_credential: { id: string; secret: string };
    };
    credential = { ...made.application_credential, user: token.user.id };
    directory = await startPebble();
    render();
  });
  after(async () => {
    pebble.kill();
    await api.delete("identity", `/users/${credential.user}/application_credentials/${credential.id}`);
    await api.delete("dns", `/zones/${zone.id}`);
    await eventually(
      "the end of the zone",
      () => api.exists("dns", `/zones/${zone.id}`),
      (there) => !there,
    );
    rmSync(dir, { recursive: true });
  });

  /** Keystone tells about a token to whoever shows it. */
  async function own(): Promise<Record<string, string>> {
    const { project } = { project: "callysto" };
    const user = { name: "callysto", domain: { name: "Default" }, password: "orrery-lab" };
    const auth = {
      identity: { methods: ["password"], password: { user } },
      scope: { project: { name: project, domain: { name: "Default" } } },
    };
    const answer = await fetch(`http://127.0.0.1:${lab.ports.keystone}/v3/auth/tokens`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ auth }),
    });
    return { "x-subject-token": answer.headers.get("x-subject-token") ?? "" };
  }

  /** The authority's own API has a certificate that only `ca.pem` vouches for. */
  async function startPebble(): Promise<string> {
    const binary = path.join(await ensureTool("pebble", () => undefined), "pebble");
    const san = ["-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-subj", "/CN=127.0.0.1"];
    const out = ["-keyout", path.join(dir, "ca.key"), "-out", path.join(dir, "ca.pem")];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...san, ...out], { stdio: "ignore" });
    const [port, management] = [await freePort(), await freePort()];
    const config = {
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: path.join(dir, "ca.pem"),
        privateKey: path.join(dir, "ca.key"),
        httpPort: 1,
        tlsPort: 1,
        profiles: { default: { description: "", validityPeriod: 7_776_000 } },
      },
    };
    writeFileSync(path.join(dir, "pebble.json"), JSON.stringify(config));
    const dns = ["-dnsserver", `127.0.0.1:${lab.ports.dns}`, "-strict"];
    pebble = spawn("setpriv", ["--pdeathsig", "KILL", binary, "-config", path.join(dir, "pebble.json"), ...dns], {
      // By default it lets half of the renewals pass without a challenge.
      env: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "0", PEBBLE_AUTHZREUSE: "0" },
      stdio: "ignore",
    });
    const url = `https://127.0.0.1:${port}/dir`;
    const answers = (): Promise<boolean> =>
      new Promise((resolve) => {
        get(url, { rejectUnauthorized: false, headers: { "user-agent": "live test" } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode === 200);
        }).on("error", () => {
          resolve(false);
        });
      });
    await eventually("pebble", answers, (up) => up);
    return url;
  }

  /** The files of the workstation, in a folder of the test's. */
  function render(): void {
    const challenge = {
      mode: "designate",
      authUrl: `http://127.0.0.1:${lab.ports.keystone}/v3`,
      region: "RegionOne",
      applicationCredentialId: credential.id,
    };
    const { certificates } = claviusGuest.parse({ certificates: { dev: { domain, challenge, directory } } });
    for (const { path: at, text, mode } of acme(certificates).files ?? []) {
      const file = path.join(dir, at);
      mkdirSync(path.dirname(file), { recursive: true });
      const here = text.replaceAll(/(?<=[\s"=])(\/etc\/callysto|\/opt\/callysto|\/home\/ptty2u)/g, `${dir}$1`);
      writeFileSync(file, here, { mode: Number.parseInt(mode ?? "0644", 8) });
    }
    writeFileSync(path.join(dir, "etc/callysto/letsencrypt/dev/secret"), `${credential.secret}\n`);
    mkdirSync(path.join(dir, "home/ptty2u/work/letsencrypt/dev"), { recursive: true });
  }

  /** What `renew-certificate dev` runs once the encrypted volume is open. */
  async function renew(...more: string[]): Promise<string> {
    const config = path.join(dir, "etc/callysto/letsencrypt/dev/config");
    const args = ["--config", config, "--cron", "--accept-terms", ...more];
    const env = { ...process.env, CURL_CA_BUNDLE: path.join(dir, "ca.pem") };
    const { stdout, stderr } = await promisify(execFile)("dehydrated", args, { env }).catch((error: unknown) => {
      const { stdout: out, stderr: complained } = error as { stdout: string; stderr: string };
      return { stdout: out, stderr: `FAILED ${complained}` };
    });
    return stdout + stderr;
  }
  const folder = (): string =>
    path.join(dir, "home/ptty2u/work/letsencrypt/dev/certs", `star_${domain.replaceAll(".", "_")}`);
  const challenges = async (): Promise<string[]> =>
    (await api.list("dns", `/zones/${zone.id}/recordsets?type=TXT`)).map(({ name }) => name);

  it("are made for every name below the domain, and the challenge's record is gone then", async () => {
    const said = await renew();
    assert.ok(existsSync(path.join(folder(), "fullchain.pem")), said);
    readCertificate(folder(), `hub-dev.${domain}`, new Date());
    assert.throws(() => readCertificate(folder(), domain, new Date()), /the certificate is for DNS:\*\./);
    const key = execFileSync("openssl", ["rsa", "-in", path.join(folder(), "privkey.pem"), "-noout", "-text"], {
      encoding: "utf8",
    });
    assert.match(key, /4096 bit/);
    await eventually("the end of the record", challenges, (names) => names.length === 0);
  });

  it("stay while they are good, and are made anew with a new key when they are due", async () => {
    const before = readFileSync(path.join(folder(), "privkey.pem"), "utf8");
    assert.match(await renew(), /Skipping renew|still longer|Longer than 30 days/i);
    assert.equal(readFileSync(path.join(folder(), "privkey.pem"), "utf8"), before);
    const said = await renew("--force");
    assert.notEqual(readFileSync(path.join(folder(), "privkey.pem"), "utf8"), before, said);
  });

  it("are not made where the credential does not let us, and nothing is left then", async () => {
    const secret = path.join(dir, "etc/callysto/letsencrypt/dev/secret");
    const good = readFileSync(secret, "utf8");
    writeFileSync(secret, "wrong\n");
    try {
      assert.match(await renew("--force"), /acme-hook: POST .*\/auth\/tokens: 401/);
      assert.deepEqual(await challenges(), []);
    } finally {
      writeFileSync(secret, good);
    }
  });
});
