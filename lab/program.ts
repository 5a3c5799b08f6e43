/** Runs the ordinary Pulumi CLI on this project with a stack aimed at the lab. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { retarget } from "./retarget.ts";
import { givenPassphrase } from "../config/givenPassphrase.ts";
import { samplePassphrase } from "../config/samples.ts";
import { projectName, stackPath } from "../config/stackFile.ts";
import { kubernetesEnv } from "./kubernetes/kubernetes.ts";
import { openstackEnv } from "./openstack/openstack.ts";
import type { Log } from "./component.ts";
import { makePremises } from "./prerequisites.ts";
import { type LabSettings, root } from "./settings.ts";
import type { Toolchain } from "./toolchain/toolchain.ts";

/** What every command of the lab works with. */
export interface Run {
  readonly lab: LabSettings;
  readonly toolchain: Toolchain;
  readonly log: Log;
}

/** What a shell needs to use the lab: Pulumi with its state in the lab, kubectl, the openstack client. */
export function environment({ lab, toolchain }: Run, stack: string): Record<string, string> {
  return {
    PULUMI_HOME: toolchain.pulumiHome,
    PULUMI_BACKEND_URL: `file://${path.join(lab.dir, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: givenPassphrase() ?? samplePassphrase(stack),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    NODE_COMPILE_CACHE: path.join(root, "node_modules", ".cache", "compile"),
    PATH: [path.join(root, "node_modules", ".bin"), toolchain.bin, process.env.PATH ?? ""].join(":"),
    ...kubernetesEnv(lab),
    ...openstackEnv(lab),
  };
}

/** Shell lines that export the variables; PATH is only added to. */
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
 * Writes the stack's file aimed at the lab, anew each time so that it follows the committed one, and makes in the
 * clouds what the stack expects there.
 * @returns the file's path.
 */
async function aimAtLab(stack: string, { lab, log }: Run): Promise<string> {
  const source = stackPath(stack);
  const file = path.join(lab.dir, `Pulumi.${stack}.yaml`);
  mkdirSync(lab.dir, { recursive: true });
  const passphrase = givenPassphrase() ?? samplePassphrase(stack);
  await makePremises(retarget(source, file, lab, passphrase), lab, log);
  return file;
}

/** `pulumi up`, `preview` or `destroy` of a stack on the lab; returns Pulumi's exit code. */
export async function applyStack(command: "up" | "preview" | "destroy", stack: string, run: Run): Promise<number> {
  // The whole state after each of a thousand steps is half of an update's time, and a lab can be made anew.
  const env = { PULUMI_SKIP_CHECKPOINTS: "true", ...process.env, ...environment(run, stack) };
  const file = await aimAtLab(stack, run);
  const common = ["--stack", stack, "--config-file", file];
  if (!stackExists(run.lab, stack)) {
    const made = await pulumi(["stack", "init", "--stack", stack, "--no-select"], env);
    if (made !== 0) return made;
  }
  // destroy previews first: what is protected refuses there, before anything is deleted.
  const consent = { preview: [], up: ["--yes", "--skip-preview"], destroy: ["--yes"] }[command];
  return pulumi([command, ...common, ...consent], env);
}

/** Whether the lab's backend knows the stack; asking the CLI would take a second. */
function stackExists(lab: LabSettings, stack: string): boolean {
  return existsSync(path.join(lab.dir, "state", ".pulumi", "stacks", projectName(), `${stack}.json`));
}

/** The CLI in the foreground; it handles Ctrl-C itself and leaves a whole state, so it is waited for. */
function pulumi(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(root, "node_modules", ".bin", "pulumi"), args, { cwd: root, env, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => {
      process.off("SIGINT", ignore);
      resolve(code ?? 1);
    });
  });
}
