/** The committed stacks as they are where each cluster has a Prometheus, and every part that has figures runs. */
import type { RawConfig } from "../../../config/secrets.ts";
import { rendered, type Rendered, runProgram, stackConfig } from "../../../review/evaluate/render.ts";
import { once } from "../recordings.ts";

/** What a stack's settings say besides. */
export const collector = { namespace: "monitoring", labels: { release: "prometheus" } } as const;

type Settings = Record<string, Record<string, unknown>>;

function changed(config: RawConfig, key: string, change: (settings: Settings) => unknown): RawConfig {
  const entry = config.get(key);
  if (entry === undefined) return config;
  const value = JSON.stringify(change(JSON.parse(entry.value) as Settings));
  return new Map([...config, [key, { ...entry, value }]]);
}

/** Config of a stack with monitoring. */
function monitoredConfig(stack: string): RawConfig {
  const withClusters = changed(stackConfig(stack), "clusters:settings", (clusters) =>
    Object.fromEntries(Object.entries(clusters).map(([name, one]) => [name, { ...one, monitoring: collector }])),
  );
  const clusters = JSON.parse(withClusters.get("clusters:settings")?.value ?? "{}") as Settings;
  const [cluster = ""] = Object.keys(clusters);
  const monitoring = { cluster, namespace: "hubs", from: ["192.0.2.0/24", "2001:db8::/32"] };
  const withHubs = changed(withClusters, "callysto:settings", (settings) => ({ ...settings, monitoring }));
  return changed(withHubs, "packit:settings", (settings) => ({
    ...settings,
    parts: { ...settings.parts, flower: true, pushgateway: true },
  }));
}

/** What the program registers for a stack with monitoring. */
export const monitoredStack = once(async (stack: string): Promise<readonly Rendered[]> =>
  rendered(await runProgram({ stack, config: monitoredConfig(stack) })),
);

/** An alert as a PrometheusRule has it. */
export interface DeclaredAlert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Alerts by the namespace and name of their PrometheusRule, e.g. `packit-prod/packit`. */
export function alertsOf(resources: readonly Rendered[]): ReadonlyMap<string, readonly DeclaredAlert[]> {
  const rules = resources.flatMap(({ inputs }) => {
    const object = inputs as {
      readonly kind?: string;
      readonly metadata: { readonly namespace: string; readonly name: string };
      readonly spec: { readonly groups: readonly { readonly rules: readonly DeclaredAlert[] }[] };
    };
    return object.kind === "PrometheusRule" ? [object] : [];
  });
  return new Map(
    rules.map(({ metadata, spec }) => [
      `${metadata.namespace}/${metadata.name}`,
      spec.groups.flatMap((one) => one.rules),
    ]),
  );
}
