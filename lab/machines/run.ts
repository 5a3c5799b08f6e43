import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/**
 * Runs a command in the foreground with its output in a file. It ends with this process, however that ends.
 * @throws naming the command and the file to read when it fails.
 */
export function run(command: string, args: readonly string[], output: string): Promise<void> {
  const file = openSync(output, "a");
  return new Promise<void>((resolve, reject) => {
    const child = spawn("setpriv", ["--pdeathsig", "KILL", command, ...args], { stdio: ["ignore", file, file] });
    child.on("error", () => {
      reject(new Error(`${command} could not be started; is it installed?`));
    });
    child.on("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} failed (${signal ?? `exit code ${code ?? 1}`}); read ${output}`));
    });
  }).finally(() => {
    closeSync(file);
  });
}
