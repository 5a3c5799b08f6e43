/** Orphaned plugin processes: they keep working after the engine was killed, and look for it every five minutes only. */
import { existsSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { projectDir } from "../../../../config/stackFile.ts";
import { run } from "../../process.ts";

/** A plugin whose engine is gone. */
export interface OrphanPlugin {
  readonly pid: number;
  readonly name: string;
}

/** A plugin among the processes: its number, its name and its engine's port, which is its last word. */
export function parsePlugin(line: string): (OrphanPlugin & { readonly port: number }) | undefined {
  const [, pid, name, port] =
    /^\s*(\d+) \S*\/(pulumi-(?:resource|language)-\S+) .*?127\.0\.0\.1:(\d+)\s*$/.exec(line) ?? [];
  return name === undefined ? undefined : { pid: Number(pid), name, port: Number(port) };
}

/** Plugins of this project that work for no engine. */
export async function orphanPlugins(): Promise<readonly OrphanPlugin[]> {
  const { stdout } = await run("ps", ["-A", "-ww", "-o", "pid=,args="]);
  const mine = stdout
    .split("\n")
    .flatMap((line) => parsePlugin(line) ?? [])
    .filter(({ pid }) => folderOf(pid) === projectDir);
  const found = mine.map(async ({ pid, name, port }) => ((await listens(port)) ? [] : [{ pid, name }]));
  return (await Promise.all(found)).flat();
}

/** A process's working directory, from Linux's /proc; on other systems nothing is ended. */
function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}

/** Ends them, so that nobody makes anything while it is looked for. */
export async function endAll(plugins: readonly OrphanPlugin[]): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const live = plugins.filter(({ pid }) => existsSync(`/proc/${pid}`));
    for (const { pid } of live) process.kill(pid, signal);
    for (let tries = 0; tries < 20 && live.some(({ pid }) => existsSync(`/proc/${pid}`)); tries++) await sleep(100);
  }
}
