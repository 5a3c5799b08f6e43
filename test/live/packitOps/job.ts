/** Runs a CronJob's own command on this machine, with a token of the job's account: what the lab's pods would do. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { kubeconfig } from "../../../config/samples.ts";
import { lab } from "../../../lab/harness/cloud.ts";
import { api, type KubeObject } from "../../../lab/harness/kube.ts";

/** How a program ended. */
export interface Ended {
  readonly status: number | null;
  /** Standard output and error. */
  readonly text: string;
  readonly stdout: string;
}

/** Runs kubectl, optionally as another account. */
export function kubectl(words: readonly string[], options: { as?: string; input?: string } = {}): Ended {
  const args = options.as === undefined ? words : [...words, "--as", options.as];
  const { status, stdout, stderr } = spawnSync("kubectl", args, { encoding: "utf8", input: options.input });
  return { status, text: stdout + stderr, stdout: stdout.trim() };
}

/** Which job, as whom, and what stands for the programs of its image. */
export interface JobRun {
  readonly namespace: string;
  readonly job: string;
  readonly account: string;
  /** Lines of the shell script that is `oc`; `$ADMIN` is the administrator's kubeconfig. */
  readonly oc: string;
  /** How many days later than now it is for the job. @default 0 */
  readonly days?: number;
}

interface Container {
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

interface Cron extends KubeObject {
  readonly spec: { jobTemplate: { spec: { template: { spec: { containers: readonly Container[] } } } } };
}

/** Runs the command of the CronJob as the cluster has it. */
export async function runJob({ namespace, job, account, oc, days = 0 }: JobRun): Promise<Ended> {
  const found = await api.get<Cron>(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${job}`);
  const [container] = found.spec.jobTemplate.spec.template.spec.containers;
  const token = kubectl(["create", "token", account, "--namespace", namespace]).stdout;
  const dir = mkdtempSync(path.join(tmpdir(), "packit-job-"));
  const program = (name: string, text: string): void => {
    writeFileSync(path.join(dir, name), `#!/bin/bash\n${text}\n`);
    chmodSync(path.join(dir, name), 0o755);
  };
  try {
    const config = path.join(dir, "kubeconfig");
    writeFileSync(config, kubeconfig(`https://127.0.0.1:${lab.ports.kubernetes}`, token));
    program("oc", oc);
    program("date", `[ "$1" != +%s ] && exec /bin/date "$@"; echo $(($(/bin/date +%s) + ${days * 86_400}))`);
    const [shell = "", ...args] = container?.command ?? [];
    const env = {
      ...process.env,
      ADMIN: process.env.KUBECONFIG,
      PATH: `${dir}:${process.env.PATH ?? ""}`,
      KUBECONFIG: config,
      ...Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value])),
    };
    const { status, stdout, stderr } = spawnSync(shell, args, { encoding: "utf8", env });
    return { status, text: stdout + stderr, stdout };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
