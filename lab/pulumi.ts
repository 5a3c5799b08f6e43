/** Runs the Pulumi CLI on this project with a stack that is retargeted to the lab. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { type LabTarget, retarget } from "./retarget.ts";
import { projectName, readStackFile, stackPath } from "../config/stackFile.ts";
import { stackPassphrase } from "../config/stackPassphrase.ts";
import { kubernetes, kubernetesEnv } from "./kubernetes/kubernetes.ts";
import { chooseRealNodes, nodeNetwork, realNodes } from "./kubernetes/nodes/plan.ts";
import { nodesFor } from "./nodeChoice.ts";
import { openstackEnv } from "./openstack/openstack.ts";
import type { Log } from "./component.ts";
import { childrenOf } from "./process.ts";
import { createPrerequisites } from "./prerequisites.ts";
import { condense } from "./progress.ts";
import { type LabSettings, root } from "./settings.ts";
import { withFailures } from "./rollout.ts";
import type { Toolchain } from "./toolchain/toolchain.ts";

/** Context of the lab's commands. */
export interface Run {
  readonly lab: LabSettings;
  readonly toolchain: Toolchain;
  readonly log: Log;
}

/** Environment for Pulumi (with its state in the lab), kubectl and the openstack client. */
export function environment({ lab, toolchain }: Run, stack: string): Record<string, string> {
  return {
    PULUMI_HOME: toolchain.pulumiHome,
    PULUMI_BACKEND_URL: `file://${path.join(lab.dir, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: stackPassphrase(stack, readStackFile(stackPath(stack)).encryptionSalt),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    NODE_COMPILE_CACHE: path.join(root, "node_modules", ".cache", "compile"),
    PATH: [path.join(root, "node_modules", ".bin"), toolchain.bin, process.env.PATH ?? ""].join(":"),
    ...kubernetesEnv(lab),
    ...openstackEnv(lab),
  };
}

/** The option of commands that deploy a stack to the lab. */
export const realSecrets = {
  "real-secrets": {
    type: "boolean",
    help: "keep the stack's own secrets, instead of samples in their place: they get into the lab's clouds and guests",
  },
} as const;

/** Shell lines that export the variables; PATH is extended. */
export function exportLines(env: Readonly<Record<string, string>>): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  return Object.entries(env)
    .map(([name, value]) =>
      name === "PATH"
        ? `export PATH=${quoted(value.slice(0, value.length - (process.env.PATH ?? "").length))}"$PATH"`
        : `export ${name}=${quoted(value)}`,
    )
    .join("\n");
}

/**
 * Writes the stack's file, retargeted to the lab, again before each command so that it follows the committed one; creates
 * the stack's prerequisites in the clouds. @returns the file's path
 */
async function writeLabStackFile(stack: string, { lab, log }: Run, realSecrets: boolean): Promise<string> {
  const source = stackPath(stack);
  const file = path.join(lab.dir, `Pulumi.${stack}.yaml`);
  const passphrase = stackPassphrase(stack, readStackFile(source).encryptionSalt);
  const { prerequisites, replaced } = retarget(source, file, labTarget(lab), passphrase, realSecrets);
  if (replaced.length > 0)
    log(`samples replace the stack's own secrets (--real-secrets keeps them): ${replaced.join(", ")}`);
  await createPrerequisites(prerequisites, lab, log);
  return file;
}

/** A lab as stacks are aimed at it. */
export function labTarget(lab: LabSettings): LabTarget {
  const nodes = realNodes(lab).map(({ name }) => name);
  const router = nodes.length === 0 ? {} : { router: nodeNetwork(lab).ingress };
  return { ports: lab.ports, password: lab.password, nodes, ...router };
}

/**
 * `pulumi up`, `preview` or `destroy` of a stack on the lab.
 * @param realSecrets - whether the stack's own secrets get into the lab, not samples
 * @returns Pulumi's exit code
 */
export async function applyStack(
  command: "up" | "preview" | "destroy",
  stack: string,
  run: Run,
  realSecrets = false,
): Promise<number> {
  // Saving the whole state after each step takes half of an update's time, and a lab can be recreated.
  if (command === "up") await addNodes(stack, run);
  const env = { PULUMI_SKIP_CHECKPOINTS: "true", ...process.env, ...environment(run, stack) };
  const file = await writeLabStackFile(stack, run, realSecrets);
  const common = ["--stack", stack, "--config-file", file];
  if (!stackExists(run.lab, stack)) {
    const code = await pulumi(["stack", "init", "--stack", stack, "--no-select"], env);
    if (code !== 0) return code;
  }
  // destroy keeps its preview: protected resources fail there, before anything is deleted.
  const consent = { preview: [], up: ["--yes", "--skip-preview"], destroy: ["--yes"] }[command];
  const quiet =
    command === "preview" || process.stdout.isTTY ? undefined : path.join(run.lab.dir, `${command}-${stack}.log`);
  if (quiet !== undefined) run.log(`pulumi ${command}: the whole output is in ${path.relative(root, quiet)}`);
  const work = (): Promise<number> => pulumi([command, ...common, ...consent], env, quiet);
  return command === "up" ? withFailures(run.lab, run.log, work) : work();
}

/** Real nodes become as many as the stack asks for. */
async function addNodes(stack: string, { lab, toolchain, log }: Run): Promise<void> {
  const [now, wanted] = [realNodes(lab).length, nodesFor(stack)];
  if (now === 0 || now >= wanted) return;
  log(`the stack asks for ${wanted} nodes, and the lab has ${now}`);
  chooseRealNodes(lab, wanted);
  await kubernetes(toolchain).up(lab, log);
}

/** Where the lab's backend has the state of a stack. */
export const stateFile = (lab: LabSettings, stack: string): string =>
  path.join(lab.dir, "state", ".pulumi", "stacks", projectName(), `${stack}.json`);

/** Whether the stack exists in the lab's backend; the CLI would take a second for that. */
export const stackExists = (lab: LabSettings, stack: string): boolean => existsSync(stateFile(lab, stack));

/** How a stack of the lab is freed whose update was killed. */
function freeing(args: readonly string[]): string {
  const stack = args[args.indexOf("--stack") + 1] ?? "";
  return `if no other update of this lab runs, free it: eval "$(npm run --silent lab -- env)" && npx pulumi cancel --yes --stack ${stack}`;
}

/** npm's `pulumi` starts the CLI and passes no signal on to it. */
function interrupt(launcher: ChildProcess): void {
  const [cli] = launcher.pid === undefined ? [] : childrenOf(launcher.pid);
  try {
    if (cli === undefined) launcher.kill("SIGINT");
    else process.kill(cli, "SIGINT");
  } catch {
    // it has ended meanwhile
  }
}

/**
 * Runs the CLI in the foreground. On Ctrl-C or SIGTERM it ends with a complete state, so we wait for it.
 * @param quiet - file for its whole output, of which only the essence is printed
 */
export function pulumi(args: string[], env: NodeJS.ProcessEnv, quiet?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(root, "node_modules", ".bin", "pulumi"), args, {
      cwd: root,
      env,
      stdio: ["inherit", quiet === undefined ? "inherit" : "pipe", "pipe"],
    });
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      process.stderr.write(chunk);
      said += chunk.toString();
    });
    const printed =
      quiet === undefined || child.stdout === null
        ? Promise.resolve()
        : condense(child.stdout, quiet, (line) => {
            console.error(line); // progress: standard output may be JSON
          });
    printed.catch(reject);
    let ending = false;
    const end = (signal: NodeJS.Signals): void => {
      // A second SIGINT would end Pulumi at once, and it has a terminal's Ctrl-C already.
      if (!ending && (signal === "SIGTERM" || !process.stdin.isTTY)) interrupt(child);
      ending = true;
    };
    const signals = ["SIGINT", "SIGTERM"] as const;
    for (const signal of signals) process.on(signal, end);
    child.on("error", reject);
    child.on("close", (code) => {
      for (const signal of signals) process.off(signal, end);
      if (said.includes("the stack is currently locked by")) console.error(freeing(args));
      void printed.then(() => {
        resolve(code ?? 1);
      }, reject);
    });
  });
}
