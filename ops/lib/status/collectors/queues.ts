/** Lengths of Celery's queues, as the broker itself counts them. */
import { withKubeconfig } from "../../../../config/clusterApi.ts";
import { Kubectl } from "../../kube/kubectl.ts";
import { output } from "../../process.ts";
import type { Question } from "../collector.ts";
import type { Found } from "../row.ts";
import type { Situation } from "../situation.ts";

/** Waiting tasks from which on a queue is worth a warning; a worker takes one at a time. */
const many = 100;

/** Steps of priority that kombu makes lists of: `queue`, then the name with two control characters and the step. */
const steps = ["", "3", "6", "9"].map((step) => (step === "" ? "" : `\u0006\u0016${step}`));

/** A Redis or one of its descendants that holds queues. */
export interface Broker {
  readonly system: string;
  readonly cluster: string;
  readonly namespace: string;
  /** Its Deployment and container. */
  readonly deployment: string;
  readonly container: string;
  /** Its client, with the login if it has one: a command for the shell. */
  readonly client: string;
  /** Which shell has the client on its PATH. */
  readonly shell: "bash" | "sh";
  readonly queues: readonly string[];
}

/** Lines of the form `name<TAB>length`: the script prints one for each queue and step. */
export function queueScript({ client, queues }: Pick<Broker, "client" | "queues">): string {
  const keys = queues.flatMap((queue) => steps.map((step) => [queue, `${queue}${step}`] as const));
  return keys.map(([queue, key]) => `printf '%s\\t%s\\n' '${queue}' "$(${client} LLEN '${key}')"`).join("\n");
}

/** A row for each queue. @throws if the broker gave something else than lengths */
export function queueRows({ system, namespace, queues }: Broker, printed: string): readonly Found[] {
  const lines = printed.split("\n").map((line) => line.split("\t"));
  return queues.map((queue) => {
    const lengths = lines
      .filter(([name]) => name === queue)
      .map(([, length = ""]) => Number(length.trim() || Number.NaN));
    const waiting = lengths.reduce((sum, one) => sum + one, 0);
    if (lengths.length === 0 || Number.isNaN(waiting))
      throw new Error(`the broker does not tell the length of ${queue}`);
    const text = `${waiting} task${waiting === 1 ? "" : "s"} wait`;
    return { system, part: `queue ${namespace}/${queue}`, state: waiting > many ? "warn" : "ok", text };
  });
}

/** The question to a broker. */
export function brokerQuestion({ clusters, signal }: Situation, broker: Broker): Question {
  const { system, cluster, namespace, deployment, container, shell } = broker;
  return {
    target: `broker ${namespace}/${deployment}`,
    systems: [system],
    ask: async () => {
      const reader = clusters.find(({ name }) => name === cluster)?.reader;
      if (reader === undefined) throw new Error(`the stack declares nothing in cluster ${cluster}`);
      return withKubeconfig(await reader.login(), async (kubeconfig) => {
        const words = ["exec", `deployment/${deployment}`, "--container", container, "--pod-running-timeout", "5s"];
        const args = new Kubectl(namespace, { kubeconfig }).args(...words, "--", shell, "-c", queueScript(broker));
        return queueRows(broker, await output("kubectl", args, { signal, timeout: 30 }));
      });
    },
  };
}
