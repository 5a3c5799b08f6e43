/** What another user of this machine, without any rights, gets from the lab. */
import { execFileSync, spawnSync } from "node:child_process";

/** A program as the user nobody, with a clean environment. */
export function asNobody(
  command: string,
  ...args: readonly string[]
): { readonly code: number; readonly text: string } {
  const nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
  const { status, stdout, stderr } = spawnSync("setpriv", [...nobody, command, ...args], {
    encoding: "utf8",
    env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
    cwd: "/",
  });
  return { code: status ?? 1, text: stdout + stderr };
}

/** HTTP status of a request by nobody: `GET http://...`; 0 if nothing came back. */
export function statusFor(request: string, ...headers: readonly string[]): number {
  const [method = "", url = ""] = request.split(" ");
  const options = ["-s", "-k", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "-X", method];
  return Number(asNobody("curl", ...options, ...headers.flatMap((header) => ["-H", header]), url).text);
}

/** A listening socket: `tcp 15000`, or a path or abstract name. */
export interface Listener {
  readonly name: string;
  readonly address: string;
}

/** TCP and UDP listeners of this machine. */
export function listeners(...namespace: readonly string[]): readonly Listener[] {
  const [command, ...args] = [...namespace, "ss", "-ltunH"];
  const rows = execFileSync(command, args, { encoding: "utf8" }).trim().split("\n");
  const found = rows.flatMap((row) => {
    const [kind, , , , local = ""] = row.split(/\s+/);
    const [, address = "", port = ""] = /^(.*):(\d+)$/.exec(local) ?? [];
    return kind === undefined || port === "" ? [] : [{ name: `${kind} ${port}`, address }];
  });
  return [...new Map(found.map((one) => [`${one.name} ${one.address}`, one])).values()];
}

/** Command lines and environments of all processes, as root reads them. */
export function commandLines(): readonly string[] {
  return execFileSync("ps", ["-eww", "-o", "args="], { encoding: "utf8" }).split("\n");
}
