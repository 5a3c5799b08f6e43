/** What DIALS says about itself: the lengths of its ETL's queues. */
import { dialsSchema } from "../../../components/dials/config.ts";
import { indexerQueue, queueWorkers } from "../../../components/dials/inventory.ts";
import { openStack } from "../stack.ts";
import { brokerQuestion } from "../status/collectors/queues.ts";
import type { Collector } from "../status/collector.ts";

/** The queues of the ETL. */
export const dialsQueues: Collector = {
  name: "queues",
  asks: "how many of the ETL's tasks wait",
  questions: (situation) => {
    if (!situation.systems.includes("dials")) return [];
    const { cluster, namespace, workspaces } = openStack(dialsSchema, situation.values).settings;
    const broker = { deployment: "redis-etl-broker", container: "redis", shell: "bash" } as const;
    return [
      brokerQuestion(situation, {
        ...{ system: "dials", cluster, namespace: namespace.name, ...broker },
        client: 'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli',
        queues: [indexerQueue, ...queueWorkers(workspaces).map(({ name }) => name)],
      }),
    ];
  },
};
