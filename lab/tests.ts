/** `npm test` after set-up: the unit tests, then the live tests on a separate lab, which is stopped afterwards. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { stackNames } from "../config/stackFile.ts";
import { down, up } from "./lab.ts";
import { interruptible } from "./interruption.ts";
import { lock } from "./lock.ts";
import { type AskedNodes, chooseNodes, nodesFor } from "./nodeChoice.ts";
import { environment, type Run } from "./pulumi.ts";
import { endsWithUs } from "./process.ts";
import { root } from "./settings.ts";
import { removeBuildCache } from "./toolchain/buildCache.ts";
import { ensureTools } from "./tools/tools.ts";

/** Suites that are run by name on simulated nodes: they are about objects that others made, whose images nobody else has. */
const simulated = (name: string): boolean => name.startsWith("adopt");

/** The nodes of the lab: as many as the stacks ask for that tests deploy. @throws if the suites want different ones */
function nodesOf(names: readonly string[]): AskedNodes {
  const fakeNodes = names.length > 0 && names.every(simulated);
  const alone = names.filter(simulated);
  if (!fakeNodes && alone.length > 0) {
    throw new Error(
      `${alone.join(", ")}: these run on simulated nodes, and the others on real ones; name them in a run of their own`,
    );
  }
  const realNodes = fakeNodes ? undefined : Math.max(...stackNames().map(nodesFor));
  return { realNodes, fakeNodes, upstreamImages: false };
}

/**
 * Runs both suites, or only the named live tests, including those that take too long for the suite.
 * @returns 0 if everything passed. @throws if a named test does not exist, or the named ones do not go together
 */
export async function runTests(run: Run, names: readonly string[]): Promise<number> {
  const files = names.map((name) => `test/live/${name}.test.ts`);
  for (const file of files) if (!existsSync(path.join(root, file))) throw new Error(`there is no ${file}`);
  const nodes = nodesOf(names);
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
  // What takes longer than a test may.
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
      await chooseNodes(run.lab, nodes, run.log);
      if (!requested()) await up(run.lab, run.toolchain, run.log);
      removeBuildCache(); // nothing else is built for an hour
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
