/** Packit on a cluster with real nodes, as its operator sees it: commands, and what its database answers. */
import { readFileSync } from "node:fs";
import { stackPath } from "../../../config/stackFile.ts";
import { demoSettings, removeCluster, startCluster } from "../../../lab/demo/cluster.ts";
import { execute } from "../../../lab/demo/kubectl.ts";
import { deployPackit, type PackitAtWork } from "../../../lab/demo/packit/deploy.ts";
import { stackOf } from "../../../lab/demo/packit/service.ts";
import { demoStackFile, writeDemoStack } from "../../../lab/demo/stack.ts";
import { lab } from "../../../lab/harness/cloud.ts";
import { initStack } from "../../../lab/harness/engine.ts";
import { type Change, type OpsOutcome, SystemOnLab, withOnly } from "../../../lab/harness/system.ts";
import { kubeApi } from "../../../lab/kubernetes/api.ts";
import { environment, type Run } from "../../../lab/pulumi.ts";

export const cluster = demoSettings(lab);
export const api = kubeApi(cluster);
const quiet = (): void => undefined;
const stack = stackOf("packit");

/** The stack on the cluster of `run`, for the engine and for commands. */
function systemOf(run: Run): SystemOnLab {
  const target = { stack: stack.name, file: demoStackFile(run, stack.name), env: environment(run, stack.source) };
  return SystemOnLab.deployed("packit", target);
}

/**
 * An empty cluster, and the stack as `npm start` has it, with changed settings; nothing is deployed. The caller calls `removePackit`.
 * @param changes - of the stack's file
 */
export async function plainPackit(
  changes: readonly Change[] = [],
): Promise<{ readonly run: Run; readonly packit: SystemOnLab }> {
  await removePackit();
  const run = await startCluster(cluster, quiet);
  writeDemoStack(run, stack, withOnly(["packit"], readFileSync(stackPath(stack.source), "utf8"), changes));
  const packit = systemOf(run);
  await initStack(packit.target);
  return { run, packit };
}

/** Removes the cluster with all that is on it. */
export const removePackit = (): Promise<void> => removeCluster(cluster, quiet);

type Server = "postgres-12" | "postgres-16";

/** What a server answers its administrator, in its own pod. @param database - @default postgres */
export async function askServer(
  run: Run,
  namespace: string,
  server: Server,
  query: string,
  database = "postgres",
): Promise<string> {
  const psql = ["psql", "-h", "127.0.0.1", "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-tAqc", query, database];
  return (await execute(run, namespace, [`deployment/${server}`, "--", ...psql])).trim();
}

/** The deployed service; the caller of `open` calls `close`. */
export class PackitOnNodes {
  readonly run: Run;
  readonly work: PackitAtWork;
  /** For the engine's commands. */
  readonly system: SystemOnLab;
  /** Paths of the namespace's objects in the API. */
  readonly core: string;
  readonly apps: string;

  private constructor(run: Run, work: PackitAtWork) {
    this.run = run;
    this.work = work;
    this.core = `/api/v1/namespaces/${work.namespace}`;
    this.apps = `/apis/apps/v1/namespaces/${work.namespace}`;
    this.system = systemOf(run);
  }

  static async open(): Promise<PackitOnNodes> {
    await removePackit();
    const run = await startCluster(cluster, quiet);
    return new PackitOnNodes(run, await deployPackit(run));
  }

  close(): Promise<void> {
    return removePackit();
  }

  /** `orrery packit ...` for this stack. */
  ops(...words: string[]): Promise<OpsOutcome> {
    return this.system.ops(words);
  }

  /** What a server answers its administrator, in its own pod. */
  ask(server: Server, query: string, database?: string): Promise<string> {
    return askServer(this.run, this.work.namespace, server, query, database);
  }
}
