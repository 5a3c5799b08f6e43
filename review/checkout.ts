/** The project at a commit, in a folder of its own, and what its program renders there. */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { projectDir } from "../config/stackFile.ts";
import type { Rendered, Renewed } from "./render.ts";

/** A state of the project. */
export interface Checkout {
  /** What it is called in the report: an abbreviated commit, or the working tree. */
  readonly name: string;
  readonly folder: string;
  close(): Promise<void>;
}

async function git(...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)("git", [...args], { cwd: projectDir, maxBuffer: 1 << 26 })).stdout.trim();
}

/** The working tree as it is, with what is not committed yet. */
export const workingTree: Checkout = {
  name: "the working tree",
  folder: projectDir,
  close: () => Promise.resolve(),
};

/** A commit in a worktree with the packages of this one. @throws if git knows no such commit */
export async function checkOut(commit: string): Promise<Checkout> {
  const sha = await git("rev-parse", "--verify", "--quiet", "--end-of-options", `${commit}^{commit}`).catch(() => {
    throw new Error(`git knows no commit "${commit}"; in a shallow clone fetch it first: git fetch origin ${commit}`);
  });
  const parent = mkdtempSync(path.join(tmpdir(), "orrery-review-"));
  const folder = path.join(parent, "project");
  try {
    await git("worktree", "add", "--quiet", "--detach", folder, sha);
    symlinkSync(path.join(projectDir, "node_modules"), path.join(folder, "node_modules"));
  } catch (error) {
    rmSync(parent, { recursive: true, force: true });
    throw error;
  }
  return {
    name: sha.slice(0, 10),
    folder,
    async close() {
      await git("worktree", "remove", "--force", folder);
      rmSync(parent, { recursive: true, force: true });
    },
  };
}

/** Renders a stack of a checkout with the checkout's own code. @throws with what its render says */
export async function renderAt(
  { name, folder }: Checkout,
  stack: string,
  renewed: Renewed,
): Promise<readonly Rendered[]> {
  const dir = mkdtempSync(path.join(tmpdir(), "orrery-renewed-"));
  const file = path.join(dir, "renewed.json");
  writeFileSync(file, JSON.stringify(renewed));
  try {
    return JSON.parse(await node(folder, ["review/cli.ts", "--stack", stack, "--comparison", file])) as Rendered[];
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`stack ${stack} does not render at ${name}: ${said.replace(/^(render|orrery): /, "").trim()}`, {
      cause: error,
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Runs a program of a folder. @returns its output. @throws with what it complains about */
function node(folder: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
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
