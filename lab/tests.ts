/** `npm test` after set-up: the unit tests, then the live tests on a separate lab, which is stopped afterwards. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { down, up } from "./lab.ts";
import { interruptible } from "./interruption.ts";
import { lock } from "./lock.ts";
import { environment, type Run } from "./pulumi.ts";
import { endsWithUs } from "./process.ts";
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
  const unit = ["--config", "test/unit.mocharc.cjs"];
  const failed =
    names.length > 0
      ? 0
      : await interruptible(
          run.log,
          ({ child }) => child(mocha(unit, withKubectl)),
          () => Promise.resolve(),
        );
  if (failed !== 0) return failed;
  await ensureTools(run.log);
  const release = await lock(`${run.lab.dir}.lock`, run.log, "another test run of this checkout uses the lab");
  // --exit: processes that a failed test left running must not block the end.
  const chosen = ["--no-config", "--exit", "--reporter", "test/reporter.cjs", "--timeout", "600000", ...files];
  const live = names.length > 0 ? chosen : ["--config", "test/live.mocharc.json"];
  return interruptible(
    run.log,
    async ({ requested, child }) => {
      // Tests start with empty clouds, without the remains of an interrupted run.
      await down(run.lab, run.toolchain, true);
      if (!requested()) await up(run.lab, run.toolchain, run.log);
      return requested() ? 1 : await child(mocha(live, { ...process.env, ...environment(run, "test") }));
    },
    async () => {
      await down(run.lab, run.toolchain, true);
      await release();
    },
  );
}

/** Starts mocha, which ends with this process. */
function mocha(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const command = endsWithUs(path.join(root, "node_modules", ".bin", "mocha"), args);
  return spawn(...command, { cwd: root, env, stdio: "inherit" });
}
