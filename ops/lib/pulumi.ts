/** Runs the Pulumi CLI of this project on a stack. */
import { execFile, spawn } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { projectDir } from "../../config/stackFile.ts";
import type { SystemStack } from "./stack.ts";

/** The CLI of this project. */
export const pulumiProgram = path.join(projectDir, "node_modules", ".bin", "pulumi");

/** Runs the Pulumi CLI and gives what it prints. @throws with its complaint */
export async function pulumiOutput(stack: Pick<SystemStack<unknown>, "name">, ...words: string[]): Promise<string> {
  const args = [...words, "--stack", stack.name, "--non-interactive"];
  try {
    return (await promisify(execFile)(pulumiProgram, args, { cwd: projectDir, maxBuffer: 256 << 20 })).stdout;
  } catch (error) {
    const said = String((error as { stderr?: string }).stderr ?? error).trim();
    throw new Error(`pulumi ${words.join(" ")} of stack ${stack.name} failed: ${said.replace(/^error: /, "")}`, {
      cause: error,
    });
  }
}

/** Runs a command of the CLI on the stack in the foreground, e.g. `destroy`. @returns its exit code */
export function pulumiRun(stack: SystemStack<unknown>, command: string, words: readonly string[]): Promise<number> {
  const args = [command, "--stack", stack.name, "--config-file", stack.file, ...words];
  return new Promise((resolve, reject) => {
    const child = spawn(pulumiProgram, args, { cwd: projectDir, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => {
      resolve(code ?? 1);
    });
  });
}

/** Runs `pulumi up` on the stack in the foreground. @returns its exit code */
export function pulumiUp(stack: SystemStack<unknown>, yes: boolean, more: readonly string[] = []): Promise<number> {
  return pulumiRun(stack, "up", [...(yes ? ["--yes"] : []), ...more]);
}
