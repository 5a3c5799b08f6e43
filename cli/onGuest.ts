/** Runs shell scripts as root in a guest over SSH, with a host key that is known beforehand. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { childEnvironment } from "../config/childEnvironment.ts";
import { withPassingFolder } from "./passingFolder.ts";

/** How a guest is reached. */
export interface Login {
  readonly address: string;
  readonly user: string;
  /** OpenSSH private key. */
  readonly privateKey: string;
  /** One line of the guest's own public key. */
  readonly hostKey: string;
  /** Ends ssh at once. @default it ends with its script */
  readonly signal?: AbortSignal;
}

/** How a script ended. */
export interface Done {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a script; what is given as input is its standard input.
 * @param script - bash; `$1` and so on are the arguments.
 * @throws if the guest does not answer, does not let us in or is not the one that it should be
 */
export function onGuest(
  login: Login,
  script: string,
  args: readonly string[] = [],
  input: string | Buffer = "",
): Promise<Done> {
  return withPassingFolder(async (folder) => {
    const [key, known] = [path.join(folder, "key"), path.join(folder, "known_hosts")];
    writeFileSync(key, login.privateKey.endsWith("\n") ? login.privateKey : `${login.privateKey}\n`, { mode: 0o600 });
    writeFileSync(known, `guest ${login.hostKey}\n`);
    const options = [
      ["IdentitiesOnly", "yes"],
      ["BatchMode", "yes"],
      ["ConnectTimeout", "15"],
      ["ServerAliveInterval", "15"],
      ["StrictHostKeyChecking", "yes"],
      ["UserKnownHostsFile", known],
      ["HostKeyAlias", "guest"],
      ["LogLevel", "ERROR"],
    ].flatMap(([name = "", value = ""]) => ["-o", `${name}=${value}`]);
    const command = ["sudo", "-n", "bash", "-c", script, "ops", ...args].map(quoted).join(" ");
    const done = await run(
      "ssh",
      ["-F", "none", "-i", key, ...options, `${login.user}@${login.address}`, command],
      input,
      login.signal,
    );
    if (done.code === 255) throw new Error(explain(login, done.stderr));
    return done;
  });
}

/** What ssh's complaint means. */
export function explain({ address, user }: Pick<Login, "address" | "user">, stderr: string): string {
  const said = stderr.trim().split("\n").at(-1) ?? "";
  if (/Host key verification failed|IDENTIFICATION HAS CHANGED/.test(stderr)) {
    return `${address} has another host key than the stack knows; it is another machine, or its rebuild was not finished: npx pulumi up`;
  }
  if (/Permission denied/.test(stderr)) return `${address} does not let ${user} in with the stack's deployPrivateKey`;
  return `${address} does not answer SSH: ${said}`;
}

/** Seconds that a script may take: a copy of all homes takes hours. */
const longest = 6 * 3600;

function run(
  command: string,
  args: readonly string[],
  input: string | Buffer,
  signal: AbortSignal | undefined,
): Promise<Done> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: childEnvironment(command), stdio: ["pipe", "pipe", "pipe"], signal });
    const limit = setTimeout(() => {
      child.kill();
      reject(new Error(`the script on the guest did not end within ${longest / 3600} hours; look there what it does`));
    }, longest * 1000);
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(limit);
      reject(error.code === "ENOENT" ? new Error(`${command} is not installed`) : error);
    });
    child.on("close", (code) => {
      clearTimeout(limit);
      resolve({ code: code ?? 1, stdout, stderr });
    });
    // A guest that ends early is reported by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
