/** Deploys a stack of the demonstrations: one that is made of parts of a stack of the project. */
import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { samplePassphrase } from "../../config/samples.ts";
import { stackPath } from "../../config/stackFile.ts";
import { environment, labTarget, pulumi, type Run, stackExists } from "../pulumi.ts";
import { retarget } from "../retarget.ts";
import { withFailures } from "../rollout.ts";
import { root } from "../settings.ts";

/** What is deployed. */
interface DemoStack {
  /** Its name in the cluster's own state. */
  readonly name: string;
  /** The stack that it is made of. */
  readonly source: string;
  /** The system, for people. */
  readonly system: string;
}

/** Where the file of a demonstration's stack is. */
export const demoStackFile = ({ lab }: Run, name: string): string => path.join(lab.dir, `Pulumi.${name}.yaml`);

/** Writes the stack's file: a text of the source's form, aimed at the lab. @returns what the stack expects to exist */
export function writeDemoStack(
  run: Run,
  { name, source }: Pick<DemoStack, "name" | "source">,
  text: string,
): ReturnType<typeof retarget>["prerequisites"] {
  const file = demoStackFile(run, name);
  const before = `${file}.source`;
  writeFileSync(before, text, { mode: 0o600 });
  const { prerequisites } = retarget(before, file, labTarget(run.lab), samplePassphrase(source), true);
  rmSync(before);
  return prerequisites;
}

/** Runs `pulumi up` with the stack's file, which is there already. @throws if it fails */
export async function upDemo(run: Run, { name, source, system }: DemoStack): Promise<void> {
  const { lab, log } = run;
  const env = { PULUMI_SKIP_CHECKPOINTS: "true", ...process.env, ...environment(run, source) };
  if (!stackExists(lab, name)) {
    const made = await pulumi(["stack", "init", "--stack", name, "--no-select"], env);
    // The CLI writes one into the project.
    rmSync(stackPath(name), { force: true });
    if (made !== 0) throw new Error(`stack ${name} cannot be made; see the output above`);
  }
  const output = path.join(lab.dir, `up-${name}.log`);
  log(`${system} of stack ${source}: pulumi up; the whole output is in ${path.relative(root, output)}`);
  const args = ["up", "--stack", name, "--config-file", demoStackFile(run, name), "--yes", "--skip-preview"];
  const code = await withFailures(lab, log, () => pulumi(args, env, output));
  if (code !== 0) throw new Error(`${system} cannot be deployed: pulumi up ended with ${code}; see ${output}`);
}

/** An output of a deployed stack, with its secrets. @throws with Pulumi's message */
export async function stackOutput<T>(
  run: Run,
  { name, source }: Pick<DemoStack, "name" | "source">,
  output: string,
): Promise<T> {
  const env = { ...process.env, ...environment(run, source) };
  const program = path.join(root, "node_modules", ".bin", "pulumi");
  const args = ["stack", "output", output, "--stack", name, "--json", "--show-secrets"];
  return JSON.parse((await promisify(execFile)(program, args, { cwd: root, env })).stdout) as T;
}

/** What one of orrery's commands prints for a deployed stack. @throws with its message */
export async function orrery(
  run: Run,
  { name, source }: Pick<DemoStack, "name" | "source">,
  words: readonly string[],
): Promise<string> {
  const stack = ["--stack", name, "--config-file", demoStackFile(run, name)];
  const args = [path.join(root, "cli/orrery.ts"), ...words, ...stack];
  const options = { cwd: root, env: { ...process.env, ...environment(run, source) }, maxBuffer: 64 * 1024 * 1024 };
  return (await promisify(execFile)(process.execPath, args, options)).stdout.trim();
}
