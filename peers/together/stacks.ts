/** Stacks that go up, change and go down in turns, with the real engine, until the time is over. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { initStack, pulumi, type Target } from "../../lab/harness/engine.ts";
import { environment, type Run } from "../../lab/pulumi.ts";

/** One operation of the engine. */
export interface Operation {
  readonly stack: string;
  readonly what: "up" | "change" | "down";
  readonly seconds: number;
  /** The end of what the engine said, where it failed. */
  readonly failed?: string;
}

const project = "together";
const yes = ["--yes", "--skip-preview"] as const;

/** Writes the project with its program, and makes the stacks that are missing. @returns one target for each */
export async function openStacks(run: Run, count: number): Promise<readonly Target[]> {
  const folder = path.join(run.lab.dir, "peers", project);
  mkdirSync(path.join(folder, "state"), { recursive: true });
  const runtime = { name: "nodejs", options: { typescript: false } };
  writeFileSync(path.join(folder, "Pulumi.yaml"), stringify({ name: project, main: "index.ts", runtime }));
  const program = path.relative(folder, path.join(import.meta.dirname, "declared.ts"));
  writeFileSync(path.join(folder, "index.ts"), `import { declare } from ${JSON.stringify(program)};\ndeclare();\n`);
  const env = {
    ...environment(run, "test"),
    PULUMI_BACKEND_URL: `file://${path.join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: project,
  };
  const targets: Target[] = [];
  for (let index = 1; index <= count; index++) {
    const stack = `${project}-${index}`;
    const target = { stack, file: path.join(folder, `${stack}.yaml`), project: folder, env };
    const known = path.join(folder, "state", ".pulumi", "stacks", project, `${stack}.json`);
    if (!existsSync(known)) await initStack(target);
    targets.push(target);
  }
  return targets;
}

/** Lets one stack live until the stop, and takes it down. A stack of an earlier run goes down first. */
export async function live(target: Target, report: (operation: Operation) => void, stop: AbortSignal): Promise<void> {
  const { stack } = target;
  const step = async (what: Operation["what"], args: readonly string[], round: number): Promise<void> => {
    writeFileSync(target.file, stringify({ config: { "together:name": stack, "together:round": round } }));
    const started = performance.now();
    const { code, text } = await pulumi(args, target);
    const seconds = (performance.now() - started) / 1000;
    report({ stack, what, seconds, ...(code === 0 ? {} : { failed: text.trim().split("\n").slice(-15).join("\n") }) });
  };
  await pulumi(["cancel", "--yes"], target); // a run that was killed leaves its lock
  const down = (): Promise<void> => step("down", ["destroy", ...yes], 1);
  await down();
  const isOver = (): boolean => stop.aborted;
  while (!isOver()) {
    await step("up", ["up", ...yes], 1);
    if (!isOver()) await step("change", ["up", ...yes], 2);
    await down();
  }
  rmSync(target.file, { force: true });
}
