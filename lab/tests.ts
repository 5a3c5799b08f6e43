/** `npm test` after set-up: the unit tests, then the live tests on a separate lab, which is stopped afterwards. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { down, up } from "./lab.ts";
import { lock } from "./lock.ts";
import { environment, type Run } from "./pulumi.ts";
import { root } from "./settings.ts";
import { ensureTools } from "./tools/tools.ts";

/**
 * Runs both suites, or only the named live tests, including those that take too long for the suite.
 * @returns 0 if everything passed. @throws if a named test does not exist
 */
export async function runTests(run: Run, names: readonly string[]): Promise<number> {
  const files = names.map((name) => `test/live/${name}.test.ts`);
  for (const file of files) if (!existsSync(path.join(root, file))) throw new Error(`there is no ${file}`);
  const withKubectl = { ...process.env, PATH: `${run.toolchain.bin}:${process.env.PATH ?? ""}` };
  const unit = names.length > 0 ? 0 : await mocha(["--config", "test/unit.mocharc.json"], withKubectl);
  if (unit !== 0) return unit;
  await ensureTools(run.log);
  const release = await lock(`${run.lab.dir}.lock`, run.log, "another test run of this checkout uses the lab");
  try {
    // Tests start with empty clouds, without the remains of an interrupted run.
    await down(run.lab, run.toolchain, true);
    await up(run.lab, run.toolchain, run.log);
    // --exit: processes that a failed test left running must not block the end.
    const chosen = ["--no-config", "--exit", "--reporter", "test/reporter.cjs", "--timeout", "600000", ...files];
    const live = names.length > 0 ? chosen : ["--config", "test/live.mocharc.json"];
    return await mocha(live, { ...process.env, ...environment(run, "test") });
  } finally {
    await down(run.lab, run.toolchain, true);
    await release();
  }
}

function mocha(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(root, "node_modules", ".bin", "mocha"), args, {
      cwd: root,
      env,
      stdio: "inherit",
    });
    child.on("error", reject);
    child.on("exit", (code) => {
      resolve(code ?? 1);
    });
  });
}
