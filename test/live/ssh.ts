/** SSH to the lab's machines as their users do it, with the ordinary client. */
import { execFile, execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { mkdtempSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

/** A key pair made for one test. */
export interface Key {
  readonly file: string;
  readonly publicKey: string;
  remove(): void;
}

export function makeKey(): Key {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-key-"));
  const file = path.join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "live test", "-f", file]);
  return {
    file,
    publicKey: readFileSync(`${file}.pub`, "utf8").trim(),
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/** Runs a command in a machine; @returns its output. @throws with its errors, or when the machine does not answer in time. */
export async function ssh(key: Key, address: string, command: string, seconds = 60, port = 22): Promise<string> {
  const options = [
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "LogLevel=ERROR",
    "BatchMode=yes",
    "ConnectTimeout=5",
  ];
  const args = [
    "-i",
    key.file,
    ...options.flatMap((option) => ["-o", option]),
    "-p",
    String(port),
    `ptty2u@${address}`,
    command,
  ];
  const { stdout } = await promisify(execFile)("ssh", args, { timeout: seconds * 1000 });
  return stdout.trim();
}

/** What a TCP port does: "open", "closed" (the machine refuses) or "filtered" (nothing comes back). */
export function probe(address: string, port: number): Promise<"open" | "closed" | "filtered"> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 1000 });
    const done = (seen: "open" | "closed" | "filtered"): void => {
      socket.destroy();
      resolve(seen);
    };
    socket.on("connect", () => {
      done("open");
    });
    socket.on("timeout", () => {
      done("filtered");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      done(error.code === "ECONNREFUSED" ? "closed" : "filtered");
    });
  });
}
