/** Which settings of DIALS declare which fields of what runs. */
import { queueWorkers } from "../../../components/dials/inventory.ts";
import type { DialsSettings } from "../../../components/dials/settings.ts";
import { asObject, type Json } from "../../../policy/manifest.ts";
import { basicAuthRow, claimRows, inContainer, replicasRow, textOf } from "../adopt/rows.ts";
import { asNumber, type FieldRow, type SettingTable } from "../adopt/settingTable.ts";

/** The table for a stack's settings. */
export function dialsTable(settings: DialsSettings): SettingTable {
  const { name: namespace } = settings.namespace;
  const object = (kind: string, name: string): string => `${kind} ${namespace}/${name}`;
  const worker = object("Deployment", queueWorkers(settings.workspaces)[0]?.name ?? "");
  const variable = (name: string, setting: readonly string[], read?: FieldRow["read"]): FieldRow => ({
    ...{ object: object("ConfigMap", "dials-backend-configmap"), field: `data[${name}]`, setting },
    ...(read === undefined ? {} : { read }),
  });
  const etl = (name: string, setting: string): FieldRow => ({
    ...{ object: object("ConfigMap", "dials-etl-config"), field: "data[etl.config.json]" },
    ...{ setting: ["etl", setting], read: (text) => member(text, name) },
  });
  const database = (part: "hostname" | "port" | "username", setting: string): FieldRow => ({
    ...{ object: object("Secret", "dials-backend-secrets"), field: "data[DJANGO_DATABASE_URI]" },
    ...{ setting: ["database", setting], read: (_, secret) => ofUrl(secret, part) },
  });
  const routes = { "dials-frontend": "frontendHost", "dials-backend": "apiHost" } as const;
  return {
    choices: [],
    fields: [
      ...Object.entries(routes).flatMap(([name, setting]): readonly FieldRow[] => [
        { object: object("Route", name), field: "spec.host", setting: [setting] },
        {
          ...{ object: object("Route", name), setting: ["web", "routeTimeoutSeconds"] },
          field: "metadata.annotations[haproxy.router.openshift.io/timeout]",
          read: seconds,
        },
        {
          ...{ object: object("Route", name), setting: ["exposure"] },
          field: "metadata.annotations[haproxy.router.openshift.io/ip_whitelist]",
          read: exposure,
        },
      ]),
      replicasRow(object("Deployment", "backend"), ["web", "backendReplicas"]),
      replicasRow(object("Deployment", "frontend"), ["web", "frontendReplicas"]),
      variable("GUNICORN_N_WORKERS", ["web", "gunicornWorkers"], asNumber),
      variable("GUNICORN_TIMEOUT", ["web", "timeoutSeconds"], asNumber),
      variable("DJANGO_CACHE_TTL", ["web", "cacheSeconds"], asNumber),
      variable("DJANGO_DEFAULT_WORKSPACE", ["defaultWorkspace"]),
      variable("DJANGO_KEYCLOAK_REALM", ["sso", "realm"]),
      variable("DJANGO_KEYCLOAK_SERVER_URL", ["sso", "server"]),
      basicAuthRow(object("Secret", "dials-etl-secrets"), "FLOWER_BASIC_AUTH", ["etl", "flowerUser"]),
      etl("common_chunk_size", "chunkRows"),
      etl("th2_chunk_size", "th2ChunkRows"),
      etl("priority_era", "priorityEra"),
      {
        ...{ object: worker, field: "spec.template.spec.terminationGracePeriodSeconds" },
        setting: ["etl", "graceSeconds"],
        // Kubernetes' own default, which nobody chose.
        read: (value) => (value === 30 ? undefined : value),
      },
      { object: worker, field: "spec.replicas", setting: ["etl", "paused"], read: (value) => value === 0 },
      ...claimRows(object("PersistentVolumeClaim", "redis-etl-broker"), ["broker"]),
      ...claimRows(object("PersistentVolumeClaim", "eos-storage"), ["eos"]),
      {
        ...{ object: object("Deployment", "redis-etl-broker"), field: inContainer("redis", "args") },
        ...{ setting: ["broker", "appendOnly"], read: (value) => appendOnly(value) },
      },
      database("hostname", "host"),
      database("port", "port"),
      database("username", "user"),
    ],
  };
}

function seconds(value: unknown): number | undefined {
  const [, number = "", unit = "s"] = typeof value === "string" ? (/^(\d+)(s|m|h)?$/.exec(value) ?? []) : [];
  return number === "" ? undefined : Number(number) * ({ s: 1, m: 60, h: 3600 }[unit] ?? 1);
}

/** A Route without the annotation has the platform's default, for which there is no setting. */
function exposure(value: unknown): object | undefined {
  if (typeof value !== "string") return undefined;
  const ranges = value.split(/\s+/).filter((one) => one !== "");
  return ranges.length === 0 ? { to: "internet" } : { to: "cern", ranges };
}

function member(text: unknown, name: string): unknown {
  try {
    return typeof text === "string" ? asObject(JSON.parse(text))[name] : undefined;
  } catch {
    return undefined;
  }
}

/** A server's flag; the program has it in a file, where `undefined` on both sides is the same. */
function appendOnly(value: unknown): boolean | undefined {
  const words = Array.isArray(value) ? value.map(String) : [];
  const at = words.indexOf("--appendonly");
  return at < 0 ? undefined : words[at + 1] === "yes";
}

/** A part of the database's URL that is no secret. */
function ofUrl(secret: Json, part: "hostname" | "port" | "username"): string | number | undefined {
  const text = textOf(secret, "DJANGO_DATABASE_URI") ?? "";
  if (!URL.canParse(text)) return undefined;
  const value = new URL(text)[part];
  return part === "port" ? Number(value === "" ? 5432 : value) : value === "" ? undefined : value;
}
