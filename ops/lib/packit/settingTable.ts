/** Which settings of Packit and Stream declare which fields of what runs. */
import type { PackitSettings } from "../../../components/packit/settings.ts";
import { sandboxNamespace, type ServiceName, workerCacheTemplate } from "../../../components/packit/names.ts";
import { basicAuthRow, claimRows, inContainer, partRow, replicasRow, secretRow } from "../adopt/rows.ts";
import { asNumber, type FieldRow, type SettingTable } from "../adopt/settingTable.ts";

const workers = {
  "packit-worker": "allTasks",
  "packit-worker-short-running": "shortRunning",
  "packit-worker-long-running": "longRunning",
} as const;
const hosts = { "packit-service": "service", "packit-dashboard": "dashboard", nginx: "metrics" } as const;
const parts = {
  tokman: "tokman",
  "packit-service-fedmsg": "fedmsg",
  "packit-service-centosmsg": "centosmsg",
  "redis-commander": "redisCommander",
  flower: "flower",
  "packit-service-beat": "beat",
  "packit-dashboard": "dashboard",
  pushgateway: "pushgateway",
} as const;
const kinds = ["redis", "redict", "valkey"] as const;
const versions = ["12", "13", "15", "16"] as const;
const container = "packit-worker-1";

/** The table for a stack's settings. */
export function packitTable(service: ServiceName, settings: PackitSettings): SettingTable {
  const { name: namespace } = settings.namespace;
  const object = (kind: string, name: string): string => `${kind} ${namespace}/${name}`;
  const { version } = settings.postgres;
  const { kind } = settings.keyValue;
  const sandbox = sandboxNamespace(service, settings);
  const template = (name: string): string => `spec.volumeClaimTemplates[${name}].spec`;
  const variable = (name: string, setting: readonly string[], read?: FieldRow["read"]): readonly FieldRow[] =>
    Object.keys(workers).map((worker) => ({
      ...{ object: object("StatefulSet", worker), field: inContainer(container, `env[${name}].value`), setting },
      ...(read === undefined ? {} : { read }),
    }));
  return {
    choices: [
      ...Object.entries(parts).map(([name, part]) => partRow(["parts", part], object("Deployment", name))),
      {
        setting: ["keyValue", "kind"],
        values: kinds.map((is) => ({ is, objects: [object("Deployment", is)] })),
      },
      {
        setting: ["postgres", "version"],
        // During an upgrade several run; then the settings know better.
        values: (settings.postgres.beside.length > 0 ? [] : versions).map((is) => ({
          ...{ is, objects: [object("Deployment", `postgres-${is}`)] },
        })),
      },
    ],
    fields: [
      ...Object.entries(hosts).map(([name, host]): FieldRow => {
        return { object: object("Route", name), field: "spec.host", setting: ["hosts", host] };
      }),
      ...Object.entries(hosts).map(([name, host]): FieldRow => {
        return { object: object("Ingress", name), field: "spec.rules[0].host", setting: ["hosts", host] };
      }),
      ...Object.entries(workers).map(([name, setting]) =>
        replicasRow(object("StatefulSet", name), ["workers", setting]),
      ),
      ...Object.keys(workers).flatMap((name): readonly FieldRow[] => {
        const [scratch, cache] = ["packit-worker-vol", workerCacheTemplate].map(template);
        const set = object("StatefulSet", name);
        return [
          { object: set, field: `${scratch ?? ""}.resources.requests.storage`, setting: ["workers", "scratch"] },
          { object: set, field: `${cache ?? ""}.resources.requests.storage`, setting: ["repositoryCache", "size"] },
          { object: set, field: `${scratch ?? ""}.storageClassName`, setting: ["storageClass"] },
        ];
      }),
      ...variable("CONCURRENCY", ["workers", "shortRunningConcurrency"], asNumber),
      ...variable("APP", ["celery", "app"]),
      ...variable("CELERY_RETRY_LIMIT", ["celery", "retryLimit"], asNumber),
      ...variable("CELERY_RETRY_BACKOFF", ["celery", "retryBackoff"], asNumber),
      ...variable("DISTGIT_URL", ["distgit", "url"]),
      ...variable("DISTGIT_NAMESPACE", ["distgit", "namespace"]),
      {
        ...{ object: object("Deployment", "packit-service"), setting: ["web", "memory"] },
        field: inContainer("packit-service", "resources.limits.memory"),
      },
      ...claimRows(object("PersistentVolumeClaim", `postgres-${version}`), ["postgres"]).map(classOfAll),
      ...claimRows(object("PersistentVolumeClaim", `${kind}-pvc`), ["keyValue"]).map(classOfAll),
      {
        ...{ object: object("Deployment", `postgres-${version}`), setting: ["postgres", "memory"] },
        field: inContainer("postgres", "resources.limits.memory"),
      },
      {
        ...{ object: object("Deployment", kind), setting: ["keyValue", "memory"] },
        field: inContainer(kind, "resources.limits.memory"),
      },
      basicAuthRow(object("Secret", "flower-secret"), "flower-basic-auth", ["flowerUser"]),
      secretRow(object("Secret", "postgres-secret"), "database-user", ["postgres", "user"]),
      secretRow(object("Secret", "postgres-secret"), "database-name", ["postgres", "database"]),
      { object: object("CronJob", "import-images"), field: "spec.schedule", setting: ["imports", "schedule"] },
      { object: object("CronJob", "import-images"), field: "spec.suspend", setting: ["suspendCronJobs"] },
      { object: `CronJob ${sandbox}/delete-pvcs`, field: "spec.schedule", setting: ["sandbox", "cleanup"] },
      {
        ...{ object: `RoleBinding ${sandbox}/packit-worker`, field: "roleRef.name", setting: ["sandbox", "role"] },
        read: (value) => (value === "edit" ? "edit" : undefined),
      },
      ...(settings.validation === undefined
        ? []
        : [
            {
              object: `CronJob ${settings.validation.namespace.name}/run-validation`,
              ...{ field: "spec.schedule", setting: ["validation", "schedule"] },
            },
          ]),
    ],
  };
}

/** One class is for all volumes. */
function classOfAll(row: FieldRow): FieldRow {
  return row.setting.at(-1) === "storageClass" ? { ...row, setting: ["storageClass"] } : row;
}
