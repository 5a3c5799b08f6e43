/** Runs of the engine that end as a crash ends them: SIGKILL, with nobody left to write a last state or to take the lock away. */
import { execFileSync, spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../../lab/settings.ts";
import type { Target } from "../../lab/harness/engine.ts";

/** When a run is killed, and who dies. */
export interface Moment {
  /** Resources, components not counted, whose creation was begun. */
  readonly creating: number;
  /** Milliseconds after that. */
  readonly delay: number;
  /** All of the machine, plugins too; else the engine alone, as the kernel does it when memory runs out. */
  readonly whole: boolean;
}

/** Starts `up`, which saves its state after each step as people's do, and kills it. @returns what it had written, if it was killed */
export async function crashedUp({ stack, file, env }: Target, moment: Moment): Promise<string | undefined> {
  const args = ["up", "--yes", "--skip-preview", "--stack", stack, "--config-file", file];
  const child = spawn(
    path.join(root, "node_modules", ".bin", "pulumi"),
    [...args, "--non-interactive", "--color", "never"],
    { cwd: root, env: { ...process.env, PULUMI_SKIP_CHECKPOINTS: "false", ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let [text, killed] = ["", false];
  const kill = async (): Promise<void> => {
    killed = true;
    await sleep(moment.delay);
    if (child.pid === undefined || child.exitCode !== null) return;
    const [engine, ...others] = descendants(child.pid);
    for (const pid of moment.whole ? [engine, ...others] : [engine]) end(pid);
  };
  const take = (chunk: Buffer): void => {
    text += chunk.toString();
    const begun = new Set(
      [...text.matchAll(/ \+{1,2} +(?!orrery:|pulumi:)\S+ (\S+) creating (?:replacement )?\(/g)].map(
        ([, name]) => name,
      ),
    );
    if (!killed && begun.size >= moment.creating) void kill();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    // Not "close": plugins that live on hold the pipes.
    child.on("exit", resolve);
  });
  return killed && code !== 0 ? text : undefined;
}

/** All processes that this one started, and they did; parents first. npm's `pulumi` starts the engine. */
function descendants(pid: number): number[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const under = (parent: number): number[] =>
    rows.flatMap(([child, of]) => (of === parent && child !== undefined ? [child, ...under(child)] : []));
  return under(pid);
}

function end(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has already exited
  }
}
