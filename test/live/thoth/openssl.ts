/** Dgraph's certificates as openssl sees them, in a server and a client that really talk. */
import { api, type KubeObject } from "../../../lab/harness/kube.ts";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../port.ts";

/** What one call of openssl said. */
export interface Said {
  readonly ok: boolean;
  readonly text: string;
}

/** The files of a Secret `dgraph-tls` in a folder of their own; `close` removes it. */
export class TlsFolder {
  private readonly dir = mkdtempSync(path.join(tmpdir(), "thoth-tls-"));

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(this.dir, name), text, { mode: 0o600 });
  }

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Whether the servers' certificate is good for a host. */
  serves(host: string): Said {
    return this.openssl(["verify", "-CAfile", "ca.crt", "-purpose", "sslserver", "-verify_hostname", host, "node.crt"]);
  }

  /** Whether a client's certificate is good for a client. */
  knowsClient(): Said {
    return this.openssl(["verify", "-CAfile", "ca.crt", "-purpose", "sslclient", "client.user.crt"]);
  }

  /** Who a certificate is about. */
  subject(file: string): string {
    return this.openssl(["x509", "-in", file, "-noout", "-subject", "-nameopt", "RFC2253"]).text.trim();
  }

  /** A certificate's serial number. */
  serial(file: string): string {
    return this.openssl(["x509", "-in", file, "-noout", "-serial"]).text.trim();
  }

  /** A server with the servers' files that asks for a certificate, and a client with the client's that names `host`. */
  async handshake(host: string): Promise<Said> {
    const port = await freePort();
    const server = this.start(["s_server", "-accept", `127.0.0.1:${port}`, ...serverFiles, "-Verify", "1", "-quiet"]);
    try {
      for (let tries = 0; tries < 100; tries++) {
        const said = this.openssl([
          ...["s_client", "-connect", `127.0.0.1:${port}`, "-servername", host, "-verify_hostname", host],
          ...["-verify_return_error", "-CAfile", "ca.crt", "-cert", "client.user.crt", "-key", "client.user.key"],
        ]);
        if (!/refused/.test(said.text)) return said;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return { ok: false, text: "the server does not listen" };
    } finally {
      server.kill();
    }
  }

  private openssl(args: readonly string[]): Said {
    const { status, stdout, stderr } = spawnSync("openssl", args, { cwd: this.dir, encoding: "utf8", input: "" });
    return { ok: status === 0, text: stdout + stderr };
  }

  private start(args: readonly string[]): ChildProcess {
    return spawn("setpriv", ["--pdeathsig", "TERM", "openssl", ...args], { cwd: this.dir, stdio: "ignore" });
  }
}

const serverFiles = ["-CAfile", "ca.crt", "-cert", "node.crt", "-key", "node.key"];

/** Texts of a Secret's keys. */
export async function secretOf(namespace: string, name: string): Promise<Readonly<Record<string, string>>> {
  const { data } = await api.get<KubeObject & { data: Record<string, string> }>(
    `/api/v1/namespaces/${namespace}/secrets/${name}`,
  );
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]));
}
