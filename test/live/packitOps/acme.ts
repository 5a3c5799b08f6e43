/** A real ACME server (Let's Encrypt's Pebble) that looks its challenges up in a real name server (BIND). */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Resolver } from "node:dns/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { installPackages } from "../../../lab/openstack/packages.ts";
import { ensureTool } from "../../../lab/tools/tools.ts";
import { eventually } from "../../../lab/harness/cloud.ts";
import { freePort } from "../port.ts";

const key = { name: "certbot", secret: Buffer.alloc(32, "orrery").toString("base64") };
const zone = "packit.dev";

/** Files of the name server: one zone that anyone with the key may change. */
const named = (folder: string, port: number): Readonly<Record<string, string>> => ({
  "named.conf": `options { directory "${folder}"; pid-file "${folder}/named.pid"; session-keyfile "${folder}/session.key";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; dnssec-validation no; };
controls { };
key ${key.name} { algorithm hmac-sha256; secret "${key.secret}"; };
zone "${zone}" { type primary; file "${folder}/${zone}.zone"; update-policy { grant ${key.name} zonesub ANY; }; };
`,
  [`${zone}.zone`]: `$TTL 1
@ IN SOA ns hostmaster 1 60 60 60 1
@ IN NS ns
ns IN A 127.0.0.1
stg IN A 127.0.0.1
dashboard.stg IN CNAME stg
workers.stg IN CNAME stg
stg.stream IN CNAME stg
`,
});

/** Both servers, on loopback. */
export class AcmeWorld {
  /** Variables with which certbot trusts Pebble. */
  readonly env: NodeJS.ProcessEnv;
  /** ACME directory. */
  readonly server: string;
  /** Address of the name server. */
  readonly nameserver: string;
  private readonly folder: string;
  private readonly dnsPort: number;
  private readonly processes: ChildProcess[] = [];

  private constructor(folder: string, dnsPort: number, acmePort: number) {
    this.folder = folder;
    this.dnsPort = dnsPort;
    this.env = { REQUESTS_CA_BUNDLE: path.join(folder, "pebble.pem"), LC_ALL: "C.UTF-8" };
    this.server = `https://localhost:${acmePort}/dir`;
    this.nameserver = `127.0.0.1:${dnsPort}`;
  }

  static async open(): Promise<AcmeWorld> {
    await installPackages(
      ["certbot", "python3-certbot-dns-rfc2136", "bind9", "bind9-dnsutils", "openssl"],
      () => undefined,
    );
    const pebble = path.join(await ensureTool("pebble", console.error), "pebble");
    const folder = mkdtempSync(path.join(tmpdir(), "packit-acme-"));
    const [dnsPort, acmePort] = [await freePort(), await freePort()];
    const world = new AcmeWorld(folder, dnsPort, acmePort);
    for (const [name, text] of Object.entries(named(folder, dnsPort))) world.write(name, text);
    world.write(
      "rfc2136.ini",
      `dns_rfc2136_server = 127.0.0.1
dns_rfc2136_port = ${dnsPort}
dns_rfc2136_name = ${key.name}
dns_rfc2136_secret = ${key.secret}
dns_rfc2136_algorithm = HMAC-SHA256
`,
    );
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const files = ["-keyout", path.join(folder, "pebble.key"), "-out", path.join(folder, "pebble.pem")];
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...names, ...files], {
      stdio: "ignore",
    });
    const configuration = {
      listenAddress: `127.0.0.1:${acmePort}`,
      managementListenAddress: "",
      certificate: path.join(folder, "pebble.pem"),
      privateKey: path.join(folder, "pebble.key"),
      ...{ httpPort: 5002, tlsPort: 5001 },
      retryAfter: { authz: 1, order: 1 },
    };
    world.write("pebble.json", JSON.stringify({ pebble: configuration }));
    world.start("named", ["-g", "-c", path.join(folder, "named.conf")]);
    world.start(pebble, ["-config", path.join(folder, "pebble.json"), "-dnsserver", world.nameserver], {
      PEBBLE_VA_NOSLEEP: "1",
      PEBBLE_AUTHZREUSE: "0",
      // certbot asks only twice, and hides the reason behind a fault of its own.
      PEBBLE_WFE_NONCEREJECT: "0",
    });
    await eventually(
      "BIND answers",
      () => world.lookUp("stg.packit.dev"),
      (found) => found.length > 0,
    );
    await eventually(
      "Pebble answers",
      () => listens(acmePort),
      (up) => up,
    );
    return world;
  }

  /** Login for certbot's plugin dns-rfc2136. */
  get credentials(): string {
    return path.join(this.folder, "rfc2136.ini");
  }

  private write(name: string, text: string): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(path.join(this.folder, name), text, { mode: 0o600 });
  }

  private start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
    this.processes.push(spawn(program, args, { stdio: "ignore", env: { ...process.env, ...env } }));
  }

  private lookUp(name: string): Promise<readonly string[]> {
    const resolver = new Resolver();
    resolver.setServers([this.nameserver]);
    return resolver.resolve4(name).catch(() => []);
  }

  /** Lines for nsupdate, as an administrator of the zone. */
  update(...lines: readonly string[]): void {
    const input = [`server 127.0.0.1 ${this.dnsPort}`, ...lines, "send", ""].join("\n");
    execFileSync("nsupdate", ["-y", `hmac-sha256:${key.name}:${key.secret}`], { input });
  }

  /** A program for `--hook`: sets and deletes records by nsupdate. */
  hook(): string {
    const file = path.join(this.folder, "hook");
    writeFileSync(
      file,
      `#!/bin/sh
[ "$1" = set ] && line="update add $2 1 TXT $3" || line="update delete $2 TXT $3"
printf 'server 127.0.0.1 ${this.dnsPort}\\n%s\\nsend\\n' "$line" | nsupdate -y hmac-sha256:${key.name}:${key.secret}
`,
      { mode: 0o755 },
    );
    return file;
  }

  async close(): Promise<void> {
    await Promise.all(
      this.processes.map(async (child) => {
        if (child.exitCode !== null) return;
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        await ended;
      }),
    );
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether something listens on a port of this machine. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
