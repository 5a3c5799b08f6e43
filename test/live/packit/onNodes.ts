/** Packit on a cluster with real nodes, as its operator sees it: commands, and what its database answers. */
import { demoSettings, removeCluster, startCluster } from "../../../lab/demo/cluster.ts";
import { execute } from "../../../lab/demo/kubectl.ts";
import { deployPackit, type PackitAtWork } from "../../../lab/demo/packit/deploy.ts";
import { stackOf } from "../../../lab/demo/packit/service.ts";
import { demoStackFile } from "../../../lab/demo/stack.ts";
import { lab } from "../../../lab/harness/cloud.ts";
import { type OpsOutcome, SystemOnLab } from "../../../lab/harness/system.ts";
import { kubeApi } from "../../../lab/kubernetes/api.ts";
import { environment, type Run } from "../../../lab/pulumi.ts";

const cluster = demoSettings(lab);
export const api = kubeApi(cluster);
const quiet = (): void => undefined;

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
    const { name, source } = stackOf("packit");
    const target = { stack: name, file: demoStackFile(run, name), env: environment(run, source) };
    this.system = SystemOnLab.deployed("packit", target);
  }

  static async open(): Promise<PackitOnNodes> {
    await removeCluster(cluster, quiet);
    const run = await startCluster(cluster, quiet);
    return new PackitOnNodes(run, await deployPackit(run));
  }

  close(): Promise<void> {
    return removeCluster(cluster, quiet);
  }

  /** `orrery packit ...` for this stack. */
  ops(...words: string[]): Promise<OpsOutcome> {
    return this.system.ops(words);
  }

  /** What a server answers its administrator, in its own pod. */
  async ask(server: "postgres-12" | "postgres-16", query: string, database = "postgres"): Promise<string> {
    const psql = ["psql", "-h", "127.0.0.1", "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-tAqc", query, database];
    return (await execute(this.run, this.work.namespace, [`deployment/${server}`, "--", ...psql])).trim();
  }
}
