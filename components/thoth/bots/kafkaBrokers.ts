/** The Kafka brokers of a secret, `host:port` each, with commas between them. */

/** The addresses without blanks. */
export function kafkaBrokers(text: string): readonly string[] {
  return text.split(",").map((one) => one.trim());
}

/** What is wrong with the text; the network policy lets the regidores out on one port, if they run. */
export function kafkaBrokersProblem(text: string, port: number | undefined): string | undefined {
  const brokers = kafkaBrokers(text);
  if (!brokers.every((one) => /^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?:\d{1,5}$/.test(one)))
    return "expected brokers, host:port each, with commas between them and no scheme";
  return port === undefined || brokers.every((one) => one.endsWith(`:${port}`))
    ? undefined
    : `expected brokers on port ${port}, the one of bots.regidores.kafkaPort; the network policy lets out no other`;
}

/** Two brokers, as one would hide what separates them. */
export function sampleKafkaBrokers(port = 443): string {
  return `kafka-0.sample.invalid:${port},kafka-1.sample.invalid:${port}`;
}
