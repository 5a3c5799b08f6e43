/** Logins of the stack's file, and those of the clouds: when they end. */
import { parseConfig } from "../../../../config/parse.ts";
import { publishedSamples } from "../../../../config/published.ts";
import { wantedSecrets } from "../../../../config/secrets.ts";
import { readStackFile, sampleConfig, secretsOf } from "../../../../config/stackFile.ts";
import { schemas } from "../../../../components/registry.ts";
import { endOf as endOfSecret } from "../../doctor/config.ts";
import type { Collector } from "../collector.ts";
import { type Found, shared } from "../row.ts";
import type { Situation } from "../situation.ts";
import { endOf } from "./ends.ts";

/** A row for each secret that says itself when it ends; samples are no logins. */
async function ofFile(situation: Situation): Promise<readonly Found[]> {
  const all = Object.values(schemas);
  const file = readStackFile(situation.file);
  const { systems } = parseConfig(sampleConfig(file, all), all);
  const samples = publishedSamples(secretsOf(file, all).values());
  const wanted = all.flatMap((schema) => {
    const settings: unknown = systems.get(schema.namespace)?.settings;
    return settings === undefined ? [] : wantedSecrets(schema, settings).map((one) => ({ ...one, schema }));
  });
  const rows = wanted.map(async ({ key, spec, schema }): Promise<readonly Found[]> => {
    if (file.entries.get(key) === undefined) return [];
    const text = situation.secret(key);
    if (samples.isIn(text)) return [];
    const until = await endOfSecret(spec.format, text);
    const system = situation.systems.includes(schema.namespace) ? schema.namespace : shared;
    return until === undefined ? [] : [{ system, part: key, ...endOf("it", until, situation.now) }];
  });
  return (await Promise.all(rows)).flat();
}

/** What Keystone says about the login. */
async function ofCloud(situation: Situation, name: string): Promise<readonly Found[]> {
  const { ends } = await situation.cloud(name);
  const row = { system: shared, part: `cloud ${name}` };
  return ends.length === 0
    ? [{ ...row, state: "ok", text: "accepts the login, which has no end" }]
    : ends.map(({ what, until }) => ({ ...row, ...endOf(what, until, situation.now) }));
}

export const logins: Collector = {
  name: "logins",
  asks: "when tokens, passwords and certificates of the stack's file and of the clouds' logins end",
  questions: (situation) => [
    { target: `Pulumi.${situation.name}.yaml`, systems: [], ask: () => ofFile(situation) },
    ...[...new Set(situation.resources.map(({ cloud }) => cloud))].map((name) => ({
      target: `cloud ${name}`,
      systems: [],
      ask: () => ofCloud(situation, name),
    })),
  ],
};
