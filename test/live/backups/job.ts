/** Runs the backup's CronJob on this machine: its containers' own commands and variables, one after the other in one folder, as in its pod. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { api, type KubeObject } from "../../../lab/harness/kube.ts";

interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly workingDir: string;
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
  }[];
}

interface Cron extends KubeObject {
  readonly spec: {
    readonly jobTemplate: {
      readonly spec: {
        readonly template: {
          readonly spec: { readonly initContainers?: readonly Container[]; readonly containers: readonly Container[] };
        };
      };
    };
  };
}

interface SecretObject extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

/** How a run ended. */
export interface JobRun {
  readonly status: number;
  /** Name of the container that ended it. */
  readonly container: string;
  readonly text: string;
  /** Files that restic got. */
  readonly files: readonly string[];
}

/** Runs a CronJob of a namespace as the cluster has it. @param instead - variables that are other ones on this machine */
export async function runBackup(namespace: string, name: string, instead: NodeJS.ProcessEnv): Promise<JobRun> {
  const cron = await api.get<Cron>(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${name}`);
  const { initContainers = [], containers } = cron.spec.jobTemplate.spec.template.spec;
  const folder = mkdtempSync(path.join(tmpdir(), "backup-job-"));
  let run: JobRun = { status: 1, container: "", text: "", files: [] };
  try {
    for (const { name: container, command, env } of [...initContainers, ...containers]) {
      const own: NodeJS.ProcessEnv = {};
      for (const { name: variable, value, valueFrom } of env)
        own[variable] = value ?? (await secretValue(namespace, valueFrom));
      const [program = "", ...args] = command;
      const { status, text } = await start(program, args, folder, { ...own, ...instead });
      run = { status, container, text: run.text + text, files: readdirSync(folder).sort() };
      if (status !== 0) break;
    }
    return run;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a program with nothing else in its environment. */
function start(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ status: code ?? 1, text });
    });
  });
}

async function secretValue(
  namespace: string,
  source: { readonly secretKeyRef: { readonly name: string; readonly key: string } } | undefined,
): Promise<string> {
  const { name = "", key = "" } = source?.secretKeyRef ?? {};
  const { data } = await api.get<SecretObject>(`/api/v1/namespaces/${namespace}/secrets/${name}`);
  return Buffer.from(data[key] ?? "", "base64").toString();
}
