/** What dies during a soak, without a warning: programs, pods, databases, a node. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type KubeApi, kubeApi, type KubeObject } from "../../kubernetes/api.ts";
import { kubernetes } from "../../kubernetes/kubernetes.ts";
import { outsideNode, realNodes } from "../../kubernetes/nodes/plan.ts";
import { runningPid } from "../../process.ts";
import type { Run } from "../../pulumi.ts";
import { labDatabase } from "../../retarget.ts";
import type { Fault } from "./record.ts";
import { namespacesOf, type Systems } from "./systems.ts";

interface Pod extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly namespace: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly phase?: string;
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly containerID?: string;
      readonly ready: boolean;
    }[];
  };
}

/** What keeps data. */
const keepsData = /postgres|redis|valkey/;
/** Seconds that a node is without power. */
const powerCut = 20;

/** Draws faults, and brings them about. */
export class Faults {
  private readonly run: Run;
  private readonly api: KubeApi;
  private readonly namespaces: readonly string[];
  private readonly draw: () => number;

  constructor(run: Run, systems: Systems, draw: () => number) {
    this.run = run;
    this.api = kubeApi(run.lab);
    this.namespaces = namespacesOf(systems);
    this.draw = draw;
  }

  /** The next one; undefined if there was nothing to kill. A node is started again before it returns. */
  async next(): Promise<Omit<Fault, "at"> | undefined> {
    const what = this.draw();
    if (what < 0.08) return this.cutPower();
    const pods = (await this.running()).filter(({ metadata }) => what >= 0.3 || keepsData.test(metadata.name));
    const pod = this.pick(pods);
    if (pod === undefined) return undefined;
    const { namespace, name } = pod.metadata;
    // The database of DIALS is no pod of the system: its server crashes, and its disk stays.
    if (what < 0.6 || namespace === labDatabase.namespace) return this.killProgram(pod);
    await this.api.delete(`/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`);
    return { what: "pod", target: `${namespace}/${name}` };
  }

  private pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.draw() * all.length)];
  }

  private async running(): Promise<readonly Pod[]> {
    const all = await podsIn(this.api, [...this.namespaces, labDatabase.namespace]);
    return all.filter(({ status, metadata }) => status.phase === "Running" && metadata.deletionTimestamp === undefined);
  }

  private killProgram({ metadata: { namespace, name }, status }: Pod): Omit<Fault, "at"> | undefined {
    const container = this.pick(status.containerStatuses?.filter(({ containerID }) => containerID !== undefined) ?? []);
    const id = container?.containerID?.split("//")[1];
    if (container === undefined || id === undefined) return undefined;
    for (const pid of processesOf(id)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // it has ended meanwhile
      }
    }
    return { what: "program", target: `${namespace}/${name}/${container.name}` };
  }

  private async cutPower(): Promise<Omit<Fault, "at"> | undefined> {
    const { lab, toolchain, log } = this.run;
    const node = this.pick(realNodes(lab).filter(({ name }) => name !== outsideNode));
    const pid = node === undefined ? undefined : runningPid(lab.dir, node.name);
    if (node === undefined || pid === undefined) return undefined;
    process.kill(pid, "SIGKILL");
    await sleep(powerCut * 1000);
    await kubernetes(toolchain).up(lab, log);
    return { what: "node", target: node.name };
  }
}

/** Processes of a container, by their control group. */
function processesOf(container: string): readonly number[] {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => groupOf(pid).includes(container)).map(Number);
}

function groupOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}

const podsIn = async (api: KubeApi, namespaces: readonly string[]): Promise<readonly Pod[]> =>
  (await Promise.all(namespaces.map((name) => api.list<Pod>(`/api/v1/namespaces/${name}/pods`)))).flat();

/** Pods that do not do their work, though nothing has gone wrong for a while: `namespace/pod: why`. */
export async function unwell(run: Run, systems: Systems): Promise<readonly string[]> {
  const pods = await podsIn(kubeApi(run.lab), namespacesOf(systems));
  return pods.flatMap(({ metadata: { namespace, name, deletionTimestamp }, status }) => {
    const { phase = "", containerStatuses = [] } = status;
    if (deletionTimestamp !== undefined) return [`${namespace}/${name}: does not end`];
    if (phase === "Succeeded" || phase === "Failed") return [];
    const waiting = containerStatuses.filter(({ ready }) => !ready).map((one) => one.name);
    return phase === "Running" && waiting.length === 0
      ? []
      : [`${namespace}/${name}: ${phase}, not ready: ${waiting.join(", ")}`];
  });
}
