/** Runs the real Pulumi engine for live tests; the environment is that of `npm run lab -- env`. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "../../lab/settings.ts";
import type { StateResource } from "./deployed.ts";

/** Exit code and output of a command. */
export interface Outcome {
  readonly code: number;
  /** Standard output and error, interleaved. */
  readonly text: string;
  /** Standard output alone. */
  readonly stdout: string;
}

/** A stack and its config file. */
export interface Target {
  readonly stack: string;
  readonly file: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Folder of the project. @default this project */
  readonly project?: string;
}

/** Commands that accept --config-file. */
const takesConfig = ["up", "preview", "destroy", "refresh", "config", "import", "watch"];

/**
 * Runs the CLI, and sends it a Ctrl-C as soon as `interrupt` holds for its output. Without `interrupt` the state is saved once,
 * at the end: saving it after each step is half of the engine's work.
 */
export function pulumi(
  args: readonly string[],
  { stack, file, env, project }: Target,
  interrupt?: (text: string) => boolean,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const config = takesConfig.includes(args[0] ?? "") ? ["--config-file", file] : [];
    const all = [...args, "--stack", stack, ...config, "--non-interactive", "--color", "never"];
    const child = spawn(path.join(root, "node_modules", ".bin", "pulumi"), all, {
      cwd: project ?? root,
      env: { PULUMI_SKIP_CHECKPOINTS: String(interrupt === undefined), ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // its own process group: a terminal's Ctrl-C reaches engine and plugins alike
    });
    let [text, stdout, interrupted] = ["", "", false];
    const take = (chunk: Buffer, isOutput: boolean): void => {
      text += chunk.toString();
      if (isOutput) stdout += chunk.toString();
      if (!interrupted && interrupt?.(text) === true && child.pid !== undefined) {
        interrupted = true;
        process.kill(-child.pid, "SIGINT");
      }
    };
    child.stdout.on("data", (chunk: Buffer) => {
      take(chunk, true);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      take(chunk, false);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code: code ?? 1, text, stdout });
    });
  });
}

/** Creates the stack in the lab's backend, and removes the config file that the CLI writes to the project. */
export async function initStack(target: Target): Promise<void> {
  const file = path.join(target.project ?? root, `Pulumi.${target.stack}.yaml`);
  const committed = existsSync(file);
  const { code, text } = await pulumi(["stack", "init"], target);
  if (!committed) rmSync(file, { force: true });
  if (code !== 0) throw new Error(text);
}

/** The resources that a stack manages, from its state; resources that it only reads are left out. */
export async function stateOf(target: Target): Promise<readonly StateResource[]> {
  const { stdout } = await pulumi(["stack", "export"], target);
  const { resources = [] } = (JSON.parse(stdout) as { deployment: { resources?: StateResource[] } }).deployment;
  return resources.filter(({ external }) => external !== true);
}

/** One step of an update: operation and URN. */
export interface Step {
  readonly op: string;
  readonly urn: string;
}

interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: Step };
}

/** Runs `up`, `destroy`, ... and returns the changed resources, from the engine's event log. */
export async function steps(
  args: readonly string[],
  target: Target,
): Promise<Outcome & { readonly changed: readonly Step[] }> {
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-events-"));
  try {
    const log = path.join(folder, "events.json");
    // --event-log is a debug flag of the CLI.
    const env = { ...target.env, PULUMI_DEBUG_COMMANDS: "true" };
    const outcome = await pulumi([...args, "--event-log", log], { ...target, env });
    const events = readFileSync(log, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as EngineEvent);
    const changed = events
      .flatMap(({ resourcePreEvent }) => (resourcePreEvent === undefined ? [] : [resourcePreEvent.metadata]))
      .filter(({ op }) => !["same", "read", "refresh"].includes(op))
      .map(({ op, urn }) => ({ op, urn }))
      .sort((a, b) => `${a.urn} ${a.op}`.localeCompare(`${b.urn} ${b.op}`));
    return { ...outcome, changed };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
