/** Data Hub's Kafka in the lab: a broker behind TLS that the router passes on, its topics, and what a client reads in them. */
import { readFileSync } from "node:fs";
import { kafkaImage } from "../../images/kafka.ts";
import { authorityFile, certificateFor } from "../../kubernetes/router/certificates.ts";
import type { Run } from "../../pulumi.ts";
import { execute } from "../kubectl.ts";
import { startServers } from "../server.ts";
import { until } from "../until.ts";

export const kafkaNamespace = "lab-kafka";
const folder = "/etc/kafka";
const port = 9093;
/** As Strimzi has them: a name to begin with, and one of each broker. */
const hosts = ["kafka-bootstrap.datahub.lab.test", "kafka-0.datahub.lab.test"] as const;
/** The stack's secret `kafkaBootstrapServers`. */
export const kafkaServers = hosts.map((host) => `${host}:443`).join(",");

/** The topics of cyborg-regidores, which Data Hub's people make; in their names two dashes are missing. */
export const topics = {
  activity: "dynamic-aicoeactivity-ingest-prod",
  github: "dynamic-cyborg-regidores-github-ingest-prod",
  gitlab: "dynamic-cyborg-regidoresgitlab-ingest-prod",
  trello: "dynamic-cyborg-regidorestrello-ingest-prod",
  events: "dynamic-cyborg-regidoresevents-ingest-prod",
} as const;

/** Clients are asked for nothing, as the bots declare; nothing but the controller's own port listens without TLS. */
const serverProperties = `process.roles=broker,controller
node.id=0
controller.quorum.voters=0@localhost:9094
controller.listener.names=CONTROLLER
listeners=SSL://:${port},CONTROLLER://localhost:9094
advertised.listeners=SSL://${hosts[1]}:443
listener.security.protocol.map=SSL:SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=SSL
ssl.keystore.type=PEM
ssl.keystore.location=${folder}/server.pem
ssl.truststore.type=PEM
ssl.truststore.location=${folder}/authority.pem
ssl.client.auth=none
log.dirs=/data/topics
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
`;
const clientProperties = `security.protocol=SSL
ssl.truststore.type=PEM
ssl.truststore.location=${folder}/authority.pem
`;

/** One of Kafka's own programs, as a client of the public names. */
const client = (run: Run, shell: string): Promise<string> =>
  execute(run, kafkaNamespace, ["deployment/kafka", "--", "sh", "-c", shell]);
const connect = `--bootstrap-server ${hosts[0]}:443`;

/** Starts the broker, unless it runs, and makes the topics. @throws if it is not ready in time */
export async function startKafka(run: Run): Promise<void> {
  const { lab, log } = run;
  log("Kafka: starting");
  const [first, ...others] = hosts;
  await startServers(run, [
    {
      ...{ name: "kafka", namespace: kafkaNamespace, image: kafkaImage, port, folder, memory: 1536 },
      args: [`${folder}/server.properties`],
      // Kafka wants 16 bytes in base64.
      env: { CLUSTER_ID: "b3JyZXJ5cy1sYWIta2Fma2" },
      files: {
        "server.pem": readFileSync(await certificateFor(lab, first, others), "utf8"),
        "authority.pem": readFileSync(authorityFile(lab), "utf8"),
        "server.properties": serverProperties,
        "client.properties": clientProperties,
      },
      outside: { passthrough: hosts },
    },
  ]);
  const command = `kafka-topics ${connect} --command-config ${folder}/client.properties`;
  const all = Object.values(topics);
  // The router learns of the pod after the cluster does.
  await until("the topics", 120, async () => {
    const listed = (await client(run, `${command} --list`).catch(() => "")).split("\n");
    const missing = all.filter((topic) => !listed.includes(topic));
    if (missing.length === 0) return true;
    const make = missing.map((topic) => `${command} --create --if-not-exists --topic ${topic} --partitions 1 &`);
    await client(run, `${make.join(" ")} wait`).catch(() => "");
    return undefined;
  });
}

/** The values of a topic from its beginning, as Kafka's own consumer reads them. */
export async function messagesIn<T>(run: Run, topic: string): Promise<readonly T[]> {
  const options = `--consumer.config ${folder}/client.properties --topic ${topic} --from-beginning --timeout-ms 4000`;
  const printed = await client(run, `kafka-console-consumer ${connect} ${options} 2>/dev/null || true`);
  const lines = printed.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as T);
}

/** The first value of a topic that fits, once it is there. @throws if it does not come */
export const messageIn = <T>(run: Run, topic: string, what: string, fits: (value: T) => boolean): Promise<T> =>
  until(`${what} in Kafka's topic ${topic}`, 120, async () => (await messagesIn<T>(run, topic)).find(fits));
