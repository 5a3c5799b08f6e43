/** A real ACME server (Let's Encrypt's Pebble) that looks its challenges up in a real name server (BIND). */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installPackages } from "../../../lab/openstack/packages.ts";
import { ensureTool } from "../../../lab/tools/tools.ts";
import { eventually } from "../cloud.ts";
import { freePort } from "../dials/celery.ts";

const key = { name: "certbot", secret: Buffer.alloc(32, "orrery").toString("base64") };

/** Both servers, on loopback, with the zone packit.dev. */
export class AcmeWorld {
  /** Variables that make certbot trust Pebble, and its challenges quick. */
  readonly env: NodeJS.ProcessEnv;
  private readonly processes: ChildProcess[] = [];

  private constructor(
    private readonly folder: string,
    private readonly dnsPort: number,
    private readonly acmePort: number,
  ) {
    this.env = { REQUESTS_CA_BUNDLE: path.join(folder, "pebble.pem"), LC_ALL: "C.UTF-8" };
  }

  get server(): string {
    return `https://localhost:${this.acmePort}/dir`;
  }

  get nameserver(): string {
    return `127.0.0.1:${this.dnsPort}`;
  }

  /** Login for certbot's plugin dns-rfc2136. */
  get credentials(): string {
    return path.join(this.folder, "rfc2136.ini");
  }
}
