/** A real ACME authority (pebble) that asks the lab's BIND, and the workstation's files to get a certificate from it. */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { acme } from "../../../components/callysto/guest/acme.ts";
import { claviusGuest } from "../../../components/callysto/guest/settings.ts";
import { installPackages } from "../../../lab/openstack/packages.ts";
import { ensureTool } from "../../../lab/tools/tools.ts";
import { eventually, lab, openstackApi } from "../../../lab/harness/cloud.ts";
import { freePort } from "../port.ts";

const api = openstackApi(lab);

/** An application credential of Callysto's project. */
interface Credential {
  readonly id: string;
  readonly secret: string;
  readonly user: string;
}

/** An authority and what a workstation has for one domain, in a folder of the test's. The caller closes it. */
export class Authority {
  readonly dir: string;
  private readonly domain: string;
  private readonly credential: Credential;
  private readonly pebble: ChildProcess;
  private readonly management: number;

  private constructor(dir: string, domain: string, credential: Credential, pebble: ChildProcess, management: number) {
    this.dir = dir;
    this.domain = domain;
    this.credential = credential;
    this.pebble = pebble;
    this.management = management;
  }

  /** @param domain A zone of Callysto's project in the lab. */
  static async open(domain: string): Promise<Authority> {
    await installPackages(["dehydrated", "openssl", "curl"], () => undefined);
    const dir = mkdtempSync(path.join(tmpdir(), "callysto-acme-"));
    const credential = await makeCredential(domain);
    const [port, management] = [await freePort(), await freePort()];
    const pebble = await startPebble(dir, port, management);
    const opened = new Authority(dir, domain, credential, pebble, management);
    opened.render(`https://127.0.0.1:${port}/dir`);
    await eventually(
      "pebble",
      () => fetched(`https://127.0.0.1:${port}/dir`),
      (answer) => answer !== "",
    );
    return opened;
  }

  async close(): Promise<void> {
    this.pebble.kill();
    await api.delete("identity", `/users/${this.credential.user}/application_credentials/${this.credential.id}`);
    rmSync(this.dir, { recursive: true });
  }

  /** The certificate that vouches for what the authority signs. */
  root(): Promise<string> {
    return fetched(`https://127.0.0.1:${this.management}/roots/0`);
  }

  /** Where privkey.pem and fullchain.pem of the wildcard are. */
  get folder(): string {
    return path.join(this.dir, "home/ptty2u/work/letsencrypt/dev/certs", `star_${this.domain.replaceAll(".", "_")}`);
  }

  /** File of the credential's secret. */
  get secret(): string {
    return path.join(this.dir, "etc/callysto/letsencrypt/dev/secret");
  }

  /** What `renew-certificate dev` runs once the encrypted volume is open. */
  async renew(...more: string[]): Promise<string> {
    const config = path.join(this.dir, "etc/callysto/letsencrypt/dev/config");
    const args = ["--config", config, "--cron", "--accept-terms", ...more];
    const env = { ...process.env, CURL_CA_BUNDLE: path.join(this.dir, "ca.pem") };
    const { stdout, stderr } = await promisify(execFile)("dehydrated", args, { env }).catch((error: unknown) => {
      const { stdout: out, stderr: complained } = error as { stdout: string; stderr: string };
      return { stdout: out, stderr: `FAILED ${complained}` };
    });
    return stdout + stderr;
  }

  /** The files of the workstation. */
  private render(directory: string): void {
    const challenge = {
      mode: "designate",
      authUrl: `http://127.0.0.1:${lab.ports.keystone}/v3`,
      region: "RegionOne",
      applicationCredentialId: this.credential.id,
    };
    const dev = { domain: this.domain, challenge, directory };
    const { certificates } = claviusGuest.parse({ certificates: { dev } });
    for (const { path: at, text, mode } of acme(certificates, {}).files ?? []) {
      const file = path.join(this.dir, at);
      mkdirSync(path.dirname(file), { recursive: true });
      const here = text.replaceAll(/(?<=[\s"=])(\/etc\/callysto|\/opt\/callysto|\/home\/ptty2u)/g, `${this.dir}$1`);
      writeFileSync(file, here, { mode: Number.parseInt(mode ?? "0644", 8) });
    }
    writeFileSync(this.secret, `${this.credential.secret}\n`);
    mkdirSync(path.join(this.dir, "home/ptty2u/work/letsencrypt/dev"), { recursive: true });
  }
}

async function makeCredential(domain: string): Promise<Credential> {
  const { token } = (await (await api.request("identity", "/auth/tokens", { headers: await ownToken() })).json()) as {
    token: { user: { id: string } };
  };
  const at = `/users/${token.user.id}/application_credentials`;
  const body = { application_credential: { name: `${domain} ${process.pid}` } };
  const made = (await (await api.request("identity", at, { method: "POST", body })).json()) as {
    application_credential: { id: string; secret: string };
  };
  return { ...made.application_credential, user: token.user.id };
}

/** Keystone describes a token to the client that presents it. */
async function ownToken(): Promise<Record<string, string>> {
  const domain = { name: "Default" };
  const user = { name: "callysto", domain, password: lab.password };
  const auth = {
    identity: { methods: ["password"], password: { user } },
    scope: { project: { name: "callysto", domain } },
  };
  const answer = await fetch(`http://127.0.0.1:${lab.ports.keystone}/v3/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ auth }),
  });
  return { "x-subject-token": answer.headers.get("x-subject-token") ?? "" };
}

/** The authority's own API has a certificate that only `ca.pem` vouches for. */
async function startPebble(dir: string, port: number, management: number): Promise<ChildProcess> {
  const binary = path.join(await ensureTool("pebble", () => undefined), "pebble");
  const san = ["-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-subj", "/CN=127.0.0.1"];
  const out = ["-keyout", path.join(dir, "ca.key"), "-out", path.join(dir, "ca.pem")];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...san, ...out], { stdio: "ignore" });
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
  return spawn("setpriv", ["--pdeathsig", "KILL", binary, "-config", path.join(dir, "pebble.json"), ...dns], {
    // By default it lets half of the renewals pass without a challenge.
    env: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "0", PEBBLE_AUTHZREUSE: "0" },
    stdio: "ignore",
  });
}

/** What a URL answers, whatever its certificate; empty if there is no answer. */
function fetched(url: string): Promise<string> {
  return new Promise((resolve) => {
    get(url, { rejectUnauthorized: false, headers: { "user-agent": "live test" } }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("end", () => {
        resolve(answer.statusCode === 200 ? text : "");
      });
    }).on("error", () => {
      resolve("");
    });
  });
}
