/** `npm test` after set-up: the unit tests, then the live tests on a lab of their own, which is stopped afterwards. */
import { spawn } from "node:child_process";
import path from "node:path";
import { down, up } from "./lab.ts";
import { environment, type Run } from "./program.ts";
import { root } from "./settings.ts";
import { ensureTools } from "./tools/tools.ts";

/** Runs both suites; returns 0 when everything passed. */
export async function runTests(run: Run): Promise<number> {
  const unit = await mocha("test/unit.mocharc.json", process.env);
  if (unit !== 0) return unit;
  await ensureTools(run.log);
  // Tests begin with empty clouds, so that what an interrupted run left cannot help or hinder them.
  await down(run.lab, run.toolchain, true);
  try {
    await up(run.lab, run.toolchain, run.log);
    return await mocha("test/live.mocharc.json", { ...process.env, ...environment(run, "test") });
  } finally {
    await down(run.lab, run.toolchain, true);
  }
}

function mocha(config: string, env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(root, "node_modules", ".bin", "mocha"), ["--config", config], {
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
