/** The image of an Apache Kafka: broker and controller in one program, with its own tools. */
import { type Recipe, searchPath, withTmp } from "./recipes.ts";

/** Reference of the image. */
export const kafkaImage = "orrery.lab/kafka:3.9";
const home = "/opt/kafka";
const version = "3.9.1";

/** A program of Kafka by the class that it starts. */
const program = (heap: string, start: string): string =>
  `#!/bin/sh
java=/usr/lib/jvm/java-17-openjdk-amd64/bin/java
options="-Xmx${heap} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j.configuration=file:${home}/log4j.properties"
${start}
`;
const run = (name: string): string => `exec $java $options -cp '${home}/jars/*' ${name}`;

/** Built when a demonstration needs it. */
export const kafka: Recipe = {
  name: "kafka",
  references: [kafkaImage],
  program: `Apache Kafka ${version} of Maven`,
  packages: ["coreutils", "dash", "openjdk-17-jre-headless"],
  jars: {
    artifacts: [`org.apache.kafka:kafka_2.13:${version}`, `org.apache.kafka:kafka-tools:${version}`],
    sha256: "137d12b8c9e2f3eacb61ef0e431265aaacbf55ca12ae60d1b57146b0d01605ea",
    to: `${home}/jars`,
  },
  files: {
    [`${home}/log4j.properties`]: `log4j.rootLogger=WARN, out
log4j.logger.kafka.server=INFO
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.target=System.err
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %m (%c)%n
`,
    "/usr/bin/kafka-server": program(
      "320m",
      `$java $options -cp '${home}/jars/*' kafka.tools.StorageTool format --ignore-formatted --cluster-id "$CLUSTER_ID" --config "$1"
${run("kafka.Kafka")} "$1"`,
    ),
    "/usr/bin/kafka-topics": program("64m", `${run("org.apache.kafka.tools.TopicCommand")} "$@"`),
    "/usr/bin/kafka-console-consumer": program("96m", `${run("org.apache.kafka.tools.consumer.ConsoleConsumer")} "$@"`),
  },
  script: `
    ln -sf dash bin/sh
    ${withTmp}`,
  config: { Entrypoint: ["kafka-server"], User: "65532:65532", Env: [searchPath] },
};
