/** Each system alone on the lab: from nothing to ready, nothing to change, destroy. */
import { readStackFile, stackNames, stackPath } from "../config/stackFile.ts";
import { SystemOnLab } from "../test/live/system.ts";

/** One system of one stack, measured once; wall-clock seconds. */
export interface SystemFigures {
  readonly system: string;
  readonly stack: string;
  readonly resources: number;
  readonly "up s": number;
  readonly "no-op up s": number;
  readonly "destroy s": number;
}

/** What is not a system but what systems are deployed to. */
const targets = ["clusters", "clouds"];

/** Systems of each stack that are wanted; all of them, if none is named. */
function wanted(only: readonly string[]): readonly (readonly [system: string, stack: string])[] {
  return stackNames().flatMap((stack) =>
    [...readStackFile(stackPath(stack)).entries.keys()]
      .filter((key) => key.endsWith(":settings"))
      .map((key) => key.replace(/:settings$/, ""))
      .filter((system) => !targets.includes(system))
      .filter((system) => only.length === 0 || only.includes(system) || only.includes(stack))
      .map((system) => [system, stack] as const),
  );
}

/**
 * Measures on the lab of this shell (`eval "$(npm run --silent lab -- env)"`), which should be empty.
 * @throws with Pulumi's text when a step fails; what was deployed is removed nevertheless
 */
export async function measureSystems(only: readonly string[]): Promise<readonly SystemFigures[]> {
  const figures: SystemFigures[] = [];
  process.env.PULUMI_SKIP_CHECKPOINTS = "false"; // as people run it
  for (const [system, stack] of wanted(only)) {
    console.error(`${system} of ${stack} ...`);
    const opened = await SystemOnLab.open(system, stack);
    try {
      const up = await seconds(() => opened.up());
      const again = await seconds(() => opened.up("--expect-no-changes"));
      const resources = (await opened.resources()).length;
      const destroy = await seconds(() => opened.destroy());
      figures.push({ system, stack, resources, "up s": up, "no-op up s": again, "destroy s": destroy });
    } finally {
      await opened.close();
    }
  }
  return figures;
}

async function seconds(work: () => Promise<{ readonly code: number; readonly text: string }>): Promise<number> {
  const started = performance.now();
  const { code, text } = await work();
  if (code !== 0) throw new Error(text);
  return Math.round((performance.now() - started) / 100) / 10;
}
