/** Who holds a stack: the lock files of a self-managed backend. */
import { hostname } from "node:os";
import { run } from "../process.ts";
import { lastLine, type Store } from "./store.ts";
import { pulumiProgram } from "../pulumi.ts";
import { projectDir } from "../../../config/stackFile.ts";

/** A lock, as the engine writes it. */
interface LockFile {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/** A lock, and what is known of its holder: works, has ended, or is on another machine. */
export interface Lock extends LockFile {
  readonly key: string;
  readonly holder: "works" | "ended" | "elsewhere";
}

/** All locks of a stack; the engine leaves one behind when it is killed. */
export async function locksOf({
  bucket,
  project,
  name,
}: Pick<Store, "bucket" | "project" | "name">): Promise<readonly Lock[]> {
  const keys = await bucket.list(`.pulumi/locks/organization/${project}/${name}`);
  const found = keys.map(async (key): Promise<readonly Lock[]> => {
    const bytes = await bucket.read(key);
    if (bytes === undefined) return []; // given back meanwhile
    const file = JSON.parse(bytes.toString()) as LockFile;
    return [{ ...file, key, holder: await holderOf(file) }];
  });
  return (await Promise.all(found)).flat();
}

async function holderOf({ hostname: host, pid }: LockFile): Promise<Lock["holder"]> {
  if (host !== hostname()) return "elsewhere";
  const { status, stdout } = await run("ps", ["-p", String(pid), "-o", "args="]);
  // Another program may have got the number since.
  return status === 0 && /pulumi/.test(stdout) ? "works" : "ended";
}

/** A lock in words. */
export function lockText({ username, hostname: host, pid, timestamp, holder }: Lock): string {
  const state = { works: "which works", ended: "which has ended", elsewhere: "on another machine" }[holder];
  return `${username}@${host} since ${timestamp.slice(0, 19)}Z (process ${pid}, ${state})`;
}

/** @throws if somebody may be at work on the stack */
export function assertUnlocked(store: Pick<Store, "name">, locks: readonly Lock[], unlock: boolean): void {
  const works = locks.find(({ holder }) => holder === "works");
  if (works !== undefined) {
    throw new Error(`stack ${store.name} is being updated by ${lockText(works)}; wait for its end: nothing was done`);
  }
  const away = locks.find(({ holder }) => holder === "elsewhere");
  if (away !== undefined && !unlock) {
    throw new Error(
      `stack ${store.name} is locked by ${lockText(away)}: nothing was done; look there, and if no update runs, give --unlock`,
    );
  }
}

/** Takes all locks away, as `pulumi cancel` does. @throws if that fails */
export async function unlockStack({ name }: Store): Promise<void> {
  const { status, stderr } = await run(pulumiProgram, ["cancel", "--yes", "--stack", name, "--non-interactive"], {
    cwd: projectDir,
  });
  if (status !== 0) throw new Error(`the lock of stack ${name} could not be taken away: ${lastLine(stderr)}`);
}
