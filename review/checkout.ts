/** Checks the project out at a commit into a temporary worktree, and renders its stacks there. */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { projectDir } from "../config/stackFile.ts";
import type { Rendered, Replacements } from "./evaluate/render.ts";

/** The project at a commit, or the working tree. */
export interface Checkout {
  /** Name in the report: the abbreviated commit, or "the working tree". */
  readonly name: string;
  readonly folder: string;
  /** Ends its renders. */
  readonly ending?: AbortSignal | undefined;
  close(): Promise<void>;
}

async function git(...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)("git", [...args], { cwd: projectDir, maxBuffer: 1 << 26 })).stdout.trim();
}

/** The working tree, uncommitted changes included. */
export const workingTree: Checkout = {
  name: "the working tree",
  folder: projectDir,
  close: () => Promise.resolve(),
};

/** The hash of a commit; a branch that only origin has counts, too, as it does for `git switch`. @throws if there is none */
async function hashOf(commit: string): Promise<string> {
  for (const name of [commit, `refs/remotes/origin/${commit}`]) {
    const words = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`];
    const sha = await git(...words).catch(() => undefined);
    if (sha !== undefined) return sha;
  }
  throw new Error(`there is no commit "${commit}"; in a shallow clone, fetch it first: git fetch origin ${commit}`);
}

/**
 * A commit in a worktree of its own that shares this one's node_modules.
 * @param ending - ends its renders; the caller closes it then as always
 * @throws if there is no such commit
 */
export async function checkOut(commit: string, ending?: AbortSignal): Promise<Checkout> {
  const sha = await hashOf(commit);
  const parent = mkdtempSync(path.join(tmpdir(), "orrery-review-"));
  const folder = path.join(parent, "project");
  const close = async (): Promise<void> => {
    rmSync(parent, { recursive: true, force: true });
    // Ctrl-C reaches git, too, which is asked again then; that the folder is gone is fine with it.
    const forget = (): Promise<string> => git("worktree", "remove", "--force", folder);
    await forget().catch(forget);
  };
  try {
    await git("worktree", "add", "--quiet", "--detach", folder, sha);
    // Windows lets anybody make a junction; elsewhere the word means nothing.
    symlinkSync(path.join(projectDir, "node_modules"), path.join(folder, "node_modules"), "junction");
    ending?.throwIfAborted();
  } catch (error) {
    // Git may not know it yet.
    await close().catch(() => undefined);
    throw error;
  }
  return { name: sha.slice(0, 10), folder, ending, close };
}

/** Renders a stack with the checkout's own code. @throws with the error of the render */
export async function renderAt(
  { name, folder, ending }: Checkout,
  stack: string,
  replacements: Replacements,
): Promise<readonly Rendered[]> {
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-replacements-"));
  const file = path.join(dir, "replacements.json");
  writeFileSync(file, JSON.stringify(replacements));
  try {
    return JSON.parse(
      await confined(folder, dir, ["review/cli.ts", "--stack", stack, "--comparison", file], ending),
    ) as Rendered[];
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`stack ${stack} does not render at ${name}: ${said.replace(/^(render|orrery): /, "").trim()}`, {
      cause: error,
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/**
 * Runs a script of a commit, which may be a stranger's: it gets nothing of the caller's environment, reads only the checkout,
 * the packages and one folder, and writes nothing and starts no program. Node does not confine the network.
 * @returns its stdout. @throws with its stderr
 */
function confined(folder: string, dir: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const readable = [folder, path.join(projectDir, "node_modules"), dir].map(
    (one) => `--allow-fs-read=${realpathSync(one)}`,
  );
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--permission", ...readable, ...args], {
      cwd: folder,
      env: { PATH: "/usr/bin:/bin", HOME: dir, LANG: "C.UTF-8" },
      stdio: ["ignore", "pipe", "pipe"],
      signal,
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(stderr));
    });
  });
}
