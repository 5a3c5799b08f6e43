/** DIALS on a cluster with real nodes, as its operator sees it: commands, pods, files on EOS and what became of them. */
import assert from "node:assert/strict";
import { demoSettings, removeCluster, startCluster } from "../../../lab/demo/cluster.ts";
import { type DialsAtWork, deployDials, stack } from "../../../lab/demo/dials/deploy.ts";
import { element, workspace } from "../../../lab/demo/dials/dials.ts";
import { type FileRow, fileRows, histogram, idsOf, writeToEos } from "../../../lab/demo/dials/steps.ts";
import { kubectl } from "../../../lab/demo/kubectl.ts";
import { demoStackFile } from "../../../lab/demo/stack.ts";
import { until } from "../../../lab/demo/until.ts";
import { lab } from "../../../lab/harness/cloud.ts";
import { type OpsOutcome, SystemOnLab } from "../../../lab/harness/system.ts";
import { kubeApi, type KubeObject } from "../../../lab/kubernetes/api.ts";
import { environment, type Run } from "../../../lab/pulumi.ts";

export { stack } from "../../../lab/demo/dials/deploy.ts";
export { workspace } from "../../../lab/demo/dials/dials.ts";

const namespace = "cms-dials-test";
export const core = `/api/v1/namespaces/${namespace}`;
export const cluster = demoSettings(lab);
export const api = kubeApi(cluster);
const quiet = (): void => undefined;

/** The deployed system; the caller of `open` calls `close`. */
export class DialsOnNodes {
  /** For the engine's commands. */
  readonly dials: SystemOnLab;
  /** Environment of commands that a person starts. */
  readonly env: NodeJS.ProcessEnv;
  private readonly run: Run;
  private readonly work: DialsAtWork;
  private files = 0;

  private constructor(run: Run, work: DialsAtWork) {
    this.run = run;
    this.work = work;
    this.env = environment(run, stack.source);
    const file = demoStackFile(run, stack.name);
    this.dials = SystemOnLab.deployed("dials", { stack: stack.name, file, env: this.env });
  }

  static async open(): Promise<DialsOnNodes> {
    await removeCluster(cluster, quiet);
    const run = await startCluster(cluster, quiet);
    return new DialsOnNodes(run, await deployDials(run));
  }

  close(): Promise<void> {
    return removeCluster(cluster, quiet);
  }

  /** `orrery dials ...` for this stack. */
  ops(words: readonly string[]): Promise<OpsOutcome> {
    return this.dials.ops(words);
  }

  kubectl(words: readonly string[]): Promise<string> {
    return kubectl(this.run, namespace, words);
  }

  async secret(name: string, key: string): Promise<string> {
    const { data } = await api.get<KubeObject & { data: Record<string, string> }>(`${core}/secrets/${name}`);
    return Buffer.from(data[key] ?? "", "base64").toString();
  }

  /** Names of a workload's pods that are not at their end. */
  async podsOf(app: string): Promise<readonly string[]> {
    const pods = await api.list(`${core}/pods?labelSelector=app%3D${app}`);
    return pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name)
      .sort();
  }

  async replicas(name: string): Promise<number> {
    const at = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
    return (await api.get<KubeObject & { spec: { replicas: number } }>(at)).spec.replicas;
  }

  /** Files for the bulk worker, each a task of so many seconds. @returns their names */
  async newFiles(count: number, seconds: number): Promise<readonly string[]> {
    const names: string[] = [];
    for (let number = 0; number < count; number += 1) {
      this.files += 1;
      const file = { era: "Run2023D", histograms: [histogram(element, this.files)], seconds };
      names.push(await writeToEos(api, this.work, file));
    }
    return names;
  }

  rows(names: readonly string[]): Promise<ReadonlyMap<string, FileRow>> {
    return fileRows(this.run, workspace, names);
  }

  ids(names: readonly string[]): Promise<readonly string[]> {
    return idsOf(this.run, workspace, names);
  }

  /** Has the indexer look now, by the ETL's own command line. */
  async index(): Promise<void> {
    const { code, stderr } = await this.ops(["etl", "--", "indexing", "-s"]);
    assert.equal(code, 0, stderr);
  }

  /** Waits until one of the files' tasks has begun. */
  async begun(names: readonly string[]): Promise<void> {
    await until("a task", 120, async () =>
      [...(await this.rows(names)).values()].find(({ status }) => status === "STARTED"),
    );
  }

  /** Every file was read once: the histograms' key refuses a second time, which is a PARSING_ERROR. */
  async onceEach(names: readonly string[]): Promise<void> {
    const rows = await until("the end of all tasks", 240, async () => {
      const found = await this.rows(names);
      const ended = [...found.values()].filter(({ status }) => !["PENDING", "STARTED"].includes(status));
      return ended.length === names.length ? found : undefined;
    });
    for (const name of names) {
      const { status, rows: histograms } = rows.get(name) ?? {};
      assert.deepEqual({ status, histograms }, { status: "FINISHED", histograms: 1 }, name);
    }
  }
}
