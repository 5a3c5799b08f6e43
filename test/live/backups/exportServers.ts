/** What fetches exports: the certificates of a Dgraph, and rclone before the folder of each data server. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exportsPort } from "../../../components/thoth/dgraph/exports.ts";
import { run } from "../../../ops/lib/process.ts";

/** Makes an authority with a server's and a client's certificate, named as `dgraph cert` names them. */
export async function makeCertificates(folder: string): Promise<void> {
  mkdirSync(folder);
  const make = ["openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -subj /CN=ca -days 2"];
  for (const [name, common] of [
    ["node", "localhost"],
    ["client.user", "user"],
  ] as const)
    make.push(
      `openssl req -newkey rsa:2048 -nodes -keyout ${name}.key -out ${name}.csr -subj /CN=${common}`,
      "echo subjectAltName=DNS:localhost,IP:127.0.0.1,IP:127.0.0.2 > names",
      `openssl x509 -req -in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out ${name}.crt -days 2 -extfile names`,
    );
  const env = { PATH: process.env.PATH };
  const { status, stderr } = await run("sh", ["-ec", make.join("\n")], { cwd: folder, env, timeout: 120 });
  assert.equal(status, 0, stderr);
}

/** Serves a folder with the command line of the data servers' container. @param host - where it listens */
export async function serveExports(folder: string, tls: string, host = "localhost"): Promise<ChildProcess> {
  const words = ["serve", "webdav", folder, `--addr=${host}:${exportsPort}`];
  words.push(`--cert=${path.join(tls, "node.crt")}`, `--key=${path.join(tls, "node.key")}`);
  words.push(`--client-ca=${path.join(tls, "ca.crt")}`, "--min-tls-version=tls1.2", "--dir-cache-time=0s");
  const env = { PATH: process.env.PATH, RCLONE_CONFIG: path.join(tls, "none") };
  const child = spawn("rclone", words, { env, stdio: "ignore" });
  for (let tries = 0; !(await answers(host)); tries++) {
    assert.ok(tries < 100, "rclone does not listen");
    await sleep(100);
  }
  return child;
}

function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(exportsPort, host, () => {
      socket.destroy();
      resolve(true);
    }).on("error", () => {
      resolve(false);
    });
  });
}
