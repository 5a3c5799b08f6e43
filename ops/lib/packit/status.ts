/** What Packit and the Stream service say about themselves: the lengths of their queues. */
import { schemaOf } from "../../../components/packit/config.ts";
import { runningFlavours } from "../../../components/packit/names.ts";
import { keyValueClient } from "../../../components/packit/inventory.ts";
import { openStack } from "../stack.ts";
import { type Broker, brokerQuestion } from "../status/collectors/queues.ts";
import type { Collector } from "../status/collector.ts";
import type { Situation } from "../status/situation.ts";
import { services } from "./service.ts";

function brokerOf(situation: Situation, system: (typeof services)[number]): Broker {
  const { cluster, namespace, keyValue, workers } = openStack(schemaOf(system), situation.values).settings;
  const { kind } = keyValue;
  const queues = [...new Set(runningFlavours(workers).flatMap((one) => one.queues.split(",")))];
  const place = { system, cluster, namespace: namespace.name, deployment: kind, container: kind };
  return { ...place, ...keyValueClient(kind), queues };
}

/** The queues of both services. */
export const packitQueues: Collector = {
  name: "queues",
  asks: "how many tasks wait in the queues of Packit, Stream and DIALS, and how many of Prow's jobs",
  questions: (situation) =>
    services
      .filter((one) => situation.systems.includes(one))
      .map((system) => brokerQuestion(situation, brokerOf(situation, system))),
};
