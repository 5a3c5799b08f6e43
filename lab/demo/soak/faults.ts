/** What dies during a soak, without a warning: programs, pods, databases, a node, and what {@link killAtHub} kills. */
import { setTimeout as sleep } from "node:timers/promises";
import { type KubeApi, kubeApi, type KubeObject } from "../../kubernetes/api.ts";
import { kubernetes } from "../../kubernetes/kubernetes.ts";
import { outsideNode, realNodes } from "../../kubernetes/nodes/plan.ts";
import { runningPid } from "../../process.ts";
import type { Run } from "../../pulumi.ts";
import { pick } from "../../random.ts";
import { labDatabase } from "../../retarget.ts";
import { crash } from "../crash.ts";
import { killAtHub, unwellAtHub } from "./hubFaults.ts";
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
  private readonly systems: Systems;
  private readonly namespaces: readonly string[];
  private readonly draw: () => number;
  private readonly died: (fault: Omit<Fault, "at">) => void;

  /** @param died - is called at each death */
  constructor(run: Run, systems: Systems, draw: () => number, died: (fault: Omit<Fault, "at">) => void) {
    this.run = run;
    this.api = kubeApi(run.lab);
    this.systems = systems;
    this.namespaces = namespacesOf(systems);
    this.draw = draw;
    this.died = died;
  }

  /** Brings the next one about, if there is something to kill. A node is started again before it returns. */
  async next(): Promise<void> {
    const what = this.draw();
    if (what < 0.08) return this.cutPower();
    if (what < 0.2) {
      const fault = await killAtHub(this.run.lab, this.systems.hub, this.draw);
      if (fault !== undefined) this.died(fault);
      return;
    }
    const pods = (await this.running()).filter(({ metadata }) => what >= 0.4 || keepsData.test(metadata.name));
    const pod = pick(pods, this.draw);
    if (pod === undefined) return;
    const { namespace, name } = pod.metadata;
    // The database of DIALS is no pod of the system: its server crashes, and its disk stays.
    if (what < 0.65 || namespace === labDatabase.namespace) {
      this.killProgram(pod);
      return;
    }
    await this.api.delete(`/api/v1/namespaces/${namespace}/pods/${name}?gracePeriodSeconds=0`);
    this.died({ what: "pod", target: `${namespace}/${name}` });
  }

  private async running(): Promise<readonly Pod[]> {
    const all = await podsIn(this.api, [...this.namespaces, labDatabase.namespace]);
    return all.filter(({ status, metadata }) => status.phase === "Running" && metadata.deletionTimestamp === undefined);
  }

  private killProgram({ metadata: { namespace, name }, status }: Pod): void {
    const started = status.containerStatuses?.filter(({ containerID }) => containerID !== undefined) ?? [];
    const container = pick(started, this.draw);
    if (container?.containerID === undefined) return;
    crash(container.containerID);
    this.died({ what: "program", target: `${namespace}/${name}/${container.name}` });
  }

  private async cutPower(): Promise<void> {
    const { lab, toolchain, log } = this.run;
    const nodes = realNodes(lab).filter(({ name }) => name !== outsideNode);
    const node = pick(nodes, this.draw);
    const pid = node === undefined ? undefined : runningPid(lab.dir, node.name);
    if (node !== undefined && pid !== undefined) {
      process.kill(pid, "SIGKILL");
      this.died({ what: "node", target: node.name });
      await sleep(powerCut * 1000);
    }
    // Also where an earlier start has failed.
    await kubernetes(toolchain).up(lab, log);
  }
}

const podsIn = async (api: KubeApi, namespaces: readonly string[]): Promise<readonly Pod[]> =>
  (await Promise.all(namespaces.map((name) => api.list<Pod>(`/api/v1/namespaces/${name}/pods`)))).flat();

/** Pods and the hub's programs that do not do their work, though nothing has gone wrong for a while: `namespace/pod: why`. */
export async function unwell(run: Run, systems: Systems): Promise<readonly string[]> {
  const pods = await podsIn(kubeApi(run.lab), namespacesOf(systems));
  const waiting = pods.flatMap(({ metadata: { namespace, name, deletionTimestamp }, status }) => {
    const { phase = "", containerStatuses = [] } = status;
    if (deletionTimestamp !== undefined) return [`${namespace}/${name}: does not end`];
    if (phase === "Succeeded" || phase === "Failed") return [];
    const notReady = containerStatuses.filter(({ ready }) => !ready).map((one) => one.name);
    return phase === "Running" && notReady.length === 0
      ? []
      : [`${namespace}/${name}: ${phase}, not ready: ${notReady.join(", ")}`];
  });
  return [...waiting, ...(await unwellAtHub(systems.hub))];
}
