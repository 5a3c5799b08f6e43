/** A real Dgraph of one manager, started by the program's own scripts, but on loopback, with files of its own and other ports. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { request } from "node:https";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { alphaScript, exportFolder, tlsFolder, zeroScript } from "../../../components/thoth/dgraph/flags.ts";
import { dgraphSettings } from "../../../components/thoth/dgraph/settings.ts";

const settings = dgraphSettings.parse({
  ...{ cluster: "lab", namespace: "graph", mode: "single", whitelist: "127.0.0.1", version: "v1.2.8" },
  backups: { repository: "s3:https://s3.sample.invalid/backups" },
});

/** Each data server is a group of its own, and writes its exports into its folder `exports`. */
export class Graph {
  private readonly processes: ChildProcess[] = [];
  readonly folder: string;
  /** Folder of `dgraph`. */
  private readonly program: string;
  /** Folder with `ca.crt`, `node.crt` and `node.key`. */
  private readonly tls: string;
  /** What is added to Dgraph's own ports. */
  private readonly offset: number;

  constructor(args: { folder: string; program: string; tls: string; offset: number }) {
    ({ folder: this.folder, program: this.program, tls: this.tls, offset: this.offset } = args);
    mkdirSync(this.folder);
  }

  /** Starts the manager, then the data servers one after the other, until each answers. */
  async start(alphas: number): Promise<void> {
    this.run("zero", zeroScript(settings, "zeros"), 0);
    for (let ordinal = 0; ordinal < alphas; ordinal++) {
      this.run(`alpha-${ordinal}`, alphaScript(settings, "alphas", "zeros"), ordinal);
      await this.until(ordinal, "/health", () => true);
      // It is in a group and serves a query.
      await this.until(ordinal, "/query", () => true, "{ q(func: uid(0x1)) { uid } }");
    }
  }

  /** Address of a data server. */
  address(ordinal: number, port = 8080): string {
    return `${port === 8080 ? "https://" : ""}localhost:${port + this.offset + ordinal}`;
  }

  /** Address of the manager's gRPC. */
  get manager(): string {
    return `localhost:${5080 + this.offset}`;
  }

  /** @returns the answer's data @throws what Dgraph says against it */
  async ask(ordinal: number, url: string, body: string, type = "application/graphql+-"): Promise<unknown> {
    const ca = readFileSync(path.join(this.tls, "ca.crt"));
    const text = await new Promise<string>((resolve, reject) => {
      let said = "";
      request(`${this.address(ordinal)}${url}`, { ca, method: "POST", headers: { "content-type": type } }, (answer) => {
        answer
          .on("data", (chunk: Buffer) => (said += chunk.toString()))
          .on("end", () => {
            resolve(said);
          });
      })
        .on("error", reject)
        .end(body);
    });
    if (url === "/health") return text;
    const { data, errors } = JSON.parse(text) as { data?: unknown; errors?: unknown };
    assert.equal(errors, undefined, text);
    return data;
  }

  /** Asks until the answer is right. */
  async until(ordinal: number, url: string, right: (data: unknown) => boolean, body = ""): Promise<void> {
    let last: unknown;
    for (let tries = 0; tries < 240; tries++) {
      try {
        last = await this.ask(ordinal, url, body);
        if (right(last)) return;
      } catch (error) {
        last = error;
      }
      await sleep(250);
    }
    throw new Error(`Dgraph does not answer as it should: ${JSON.stringify(last) || String(last)}`, { cause: last });
  }

  /** Ends all its servers, and waits for them. */
  async stop(): Promise<void> {
    await Promise.all(
      this.processes.map(async (one) => {
        if (one.exitCode !== null || one.signalCode !== null) return;
        const ended = new Promise((resolve) => one.once("exit", resolve));
        one.kill("SIGKILL");
        await ended;
      }),
    );
  }

  private run(name: string, script: string, ordinal: number): void {
    const cwd = path.join(this.folder, name);
    mkdirSync(path.join(cwd, "exports"), { recursive: true });
    const here = script
      .replaceAll(/"?(?:\$HOSTNAME|dgraph-0)\.(?:zeros|alphas):(\d+)"?/g, (_, port: string) =>
        port === "5080" ? this.manager : this.address(ordinal, Number(port)),
      )
      .replaceAll(tlsFolder, this.tls)
      .replaceAll(exportFolder, path.join(cwd, "exports"));
    const log = openSync(path.join(cwd, "log"), "a");
    const env = {
      PATH: `${this.program}:${process.env.PATH ?? ""}`,
      HOSTNAME: "dgraph-0",
      ADMIN_WHITELIST_IPS: settings.whitelist,
    };
    const offset = this.offset + ordinal;
    const child = spawn("bash", ["-ec", `${here} --port_offset ${offset}`], { cwd, env, stdio: ["ignore", log, log] });
    closeSync(log);
    this.processes.push(child);
  }
}
