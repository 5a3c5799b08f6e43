import type { z } from "zod";
import { packitSchema, type PackitSettings, schemaOf } from "../../../components/packit/config.ts";
import type { ServiceName } from "../../../components/packit/names.ts";
import { loadConfig } from "../../../config/load.ts";
import { parseConfig } from "../../../config/parse.ts";
import { sample } from "../../../config/samples.ts";
import { type RawConfig, type RawEntry, wantedSecrets } from "../../../config/secrets.ts";
import { clustersSchema } from "../../../config/targets.ts";
import { connectTargets } from "../../../blocks/targets.ts";
import { record } from "../../../review/evaluate/record.ts";
import { type Built, withLookups } from "../kubernetes/fixture.ts";
import { once } from "../recordings.ts";

/** Settings as a stack file has them, before defaults are filled in. */
export type Given = z.input<typeof packitSchema.settings>;

/** Production as the runbook has it. */
export const production: Given = {
  cluster: "lab",
  deployment: "prod",
  namespace: { name: "packit-prod" },
  hosts: { service: "prod.packit.dev", dashboard: "dashboard.packit.dev", metrics: "workers.packit.dev" },
  workers: { allTasks: 1, shortRunning: 1, longRunning: 1 },
  repositoryCache: { size: "10Gi" },
  githubAppId: 4711,
  imports: { schedule: "0 2 * * 2" },
};

/** Production with everything enabled, including the workers of 2021, the only ones with CentOS' tasks. */
export const everything: Given = {
  ...production,
  parts: { centosmsg: true, flower: true, redisCommander: true },
  images: { worker: { digest: `sha256:${"2021".repeat(16)}` } },
  databaseBackups: true,
  backups: { repository: "s3:https://s3.sample.invalid/backups/packit-prod" },
  postgres: { version: "16", beside: ["12", "13", "15"] },
  validation: { cluster: "lab", namespace: { name: "packit-service-validation" } },
};

/** Development as the runbook has it: generated keys, few components. */
export const development: Given = {
  cluster: "lab",
  deployment: "dev",
  namespace: { name: "myproject" },
  parts: { fedmsg: false, centosmsg: false, beat: false, dashboard: false, pushgateway: false },
  githubAppId: 123456,
  generate: { tls: true, sshKey: true, githubAppKey: true, centosCertificate: true },
  sentry: false,
  disposable: true,
};

/** The Stream service's production. */
export const streamProduction: Given = {
  cluster: "lab",
  deployment: "prod",
  namespace: { name: "stream-prod" },
  hosts: { service: "prod.stream.packit.dev" },
};

/** Settings with their defaults. */
export function settings(given: Given = production, service: ServiceName = "packit"): PackitSettings {
  return schemaOf(service).settings.parse(given);
}

/** Config of a stack with one service; secrets are samples unless given, and left out where given as undefined. */
export function rawConfig(
  given: Given,
  service: ServiceName = "packit",
  secrets: Readonly<Record<string, string | undefined>> = {},
  platform = "openshift",
): RawConfig {
  const entries = new Map<string, RawEntry>([
    ["clusters:settings", plain({ lab: { platform, appsDomain: "apps.lab.test" } })],
    ["clusters:lab", { value: sample("kubeconfig", "lab"), secret: true }],
    [`${service}:settings`, plain(given)],
  ]);
  const schema = schemaOf(service);
  const parsed = schema.settings.safeParse(given);
  for (const wanted of parsed.success ? wantedSecrets(schema, parsed.data) : []) {
    if (wanted.required) entries.set(wanted.key, { value: wanted.sample(), secret: true });
  }
  for (const [key, value] of Object.entries(secrets)) {
    if (value === undefined) entries.delete(`${service}:${key}`);
    else entries.set(`${service}:${key}`, { value, secret: true });
  }
  return entries;
}

/** Every problem of the config, as `path: text`. */
export function problems(...args: Parameters<typeof rawConfig>): readonly string[] {
  const found = parseConfig(rawConfig(...args), [clustersSchema, schemaOf(args[1] ?? "packit")]);
  return found.problems.map(({ path, text }) => `${path}: ${text}`);
}

/** What the program registers with these settings; the same settings are built once. */
export const buildPackit = once(async (...args: Parameters<typeof rawConfig>): Promise<Built> => {
  const service = args[1] ?? "packit";
  const recording = await record({ stack: "test", config: rawConfig(...args) }, async () => {
    const { Packit } = await import("../../../components/packit/index.ts");
    const loaded = loadConfig({ clusters: clustersSchema, own: schemaOf(service) });
    const targets = connectTargets({ clusters: loaded.clusters, clouds: undefined });
    if (loaded.own !== undefined) {
      new Packit(service, { config: loaded.own, targets });
    }
    return {};
  });
  return withLookups(recording);
});

function plain(value: object): RawEntry {
  return { value: JSON.stringify(value), secret: false };
}
