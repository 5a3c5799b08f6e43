/** The lab that the suites run on: not the one that `npm start` deployed to, nor that of the tests. */
import { existsSync } from "node:fs";
import { interruptible } from "../lab/interruption.ts";
import { down, upKubernetes, upOpenstack } from "../lab/lab.ts";
import { lock } from "../lab/lock.ts";
import type { Run } from "../lab/pulumi.ts";
import { openLab } from "../lab/session.ts";
import { labNextTo, type LabSettings, labSettings } from "../lab/settings.ts";
import { Kept } from "./kept.ts";
import { runLeft } from "./run.ts";
import type { Control, Suite } from "./suite.ts";

/** How suites are run. */
export interface RunOptions {
  readonly again: "all" | "failed" | undefined;
  /** Seconds after which nothing more is begun. */
  readonly time: number | undefined;
  /** Whether the lab goes on running. */
  readonly keep: boolean;
}

/** Settings of the lab, also for all that reads them from the environment. */
export function ownLab(): LabSettings {
  const own = labNextTo(labSettings(), "peers");
  process.env.ORRERY_PORTS = String(own.firstPort);
  process.env.ORRERY_LAB = own.dir;
  return own;
}

/** Installs and runs suites. @returns 0, or 128 and the number of the signal that ended it */
export function runSuites(suites: readonly Suite[], folder: string, options: RunOptions): Promise<number> {
  return onOwnLab(suites, options, async (run, control, requested) => {
    for (const suite of suites) if (!requested()) await runSuite(suite, run, folder, { ...options, control });
  });
}

/**
 * Installs suites, and does work on the lab that they need.
 * @returns 0, or 128 and the number of the signal that ended it
 */
export async function onOwnLab(
  suites: readonly Suite[],
  options: Pick<RunOptions, "time" | "keep">,
  work: (run: Run, control: Control, requested: () => boolean) => Promise<void>,
): Promise<number> {
  const run = await openLab();
  for (const suite of suites) await suite.install(run);
  const release = await lock(`${run.lab.dir}.lock`, run.log, "another run of these suites uses the lab");
  return interruptible(
    run.log,
    async ({ requested, child }) => {
      const stop = new AbortController();
      const timer = setTimeout(
        () => {
          run.log("the time is over: what is left is for the next run");
          stop.abort();
        },
        (options.time ?? 2_000_000) * 1000,
      );
      const control: Control = {
        stop: stop.signal,
        child: async (started) => {
          const code = await child(started);
          if (requested()) stop.abort();
          return code;
        },
      };
      try {
        await start(suites, run);
        await work(run, control, requested);
      } finally {
        clearTimeout(timer);
      }
      return 0;
    },
    async () => {
      if (!options.keep && existsSync(run.lab.dir)) await down(run.lab, run.toolchain, false);
      await release();
    },
  );
}

/** Starts no more than the suites need: the other cloud would take a small machine's memory. */
async function start(suites: readonly Suite[], { lab, toolchain, log }: Run): Promise<void> {
  const needed = new Set(suites.map(({ cloud }) => cloud));
  if (needed.has("openstack")) await upOpenstack(lab, log);
  if (needed.has("kubernetes")) await upKubernetes(lab, toolchain, log);
}

async function runSuite(
  suite: Suite,
  run: Run,
  folder: string,
  { again, control }: RunOptions & { readonly control: Control },
): Promise<void> {
  const session = await suite.open(run);
  const kept = new Kept(folder, suite.name, suite.version);
  kept.begin(await session.tests(), again);
  run.log(`${suite.name} ${suite.version}: ${kept.left.length} of ${kept.tests.length} tests to run`);
  await runLeft(session, kept, control, run.log);
}
