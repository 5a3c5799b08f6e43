/** Which settings of Thoth declare which fields of what runs: Dgraph, the bots, the tunnels. */
import type { ThothSettings } from "../../../components/thoth/settings.ts";
import { claimRows, inContainer, joined, partRow, replicasRow, secretRow } from "../adopt/rows.ts";
import { asNumber, type FieldRow, found, type SettingTable } from "../adopt/settingTable.ts";

type Section<Name extends keyof ThothSettings> = NonNullable<ThothSettings[Name]>;

/** The table for a stack's settings. */
export function thothTable({ bots, dgraph, ultrahook }: ThothSettings): SettingTable {
  return joined([
    ...(bots === undefined ? [] : [botsTable(bots)]),
    ...(dgraph === undefined ? [] : [dgraphTable(dgraph)]),
    ...(ultrahook === undefined ? [] : [ultrahookTable(ultrahook)]),
  ]);
}

function dgraphTable({ namespace, mode }: Section<"dgraph">): SettingTable {
  const object = (kind: string, name: string): string => `${kind} ${namespace}/${name}`;
  const at = (...setting: readonly string[]): readonly string[] => ["dgraph", ...setting];
  const sizeAndClass = (row: FieldRow): readonly FieldRow[] =>
    row.setting.at(-1) === "accessMode"
      ? []
      : [{ ...row, setting: at(row.setting.at(-1) === "size" ? "storageSize" : "storageClass") }];
  const server = object("StatefulSet", mode === "ha" ? "alpha" : "dgraph");
  const template = "spec.volumeClaimTemplates[datadir].spec";
  const hosts = { "alpha-rest": "alphaRest", "alpha-grpc": "alphaGrpc", "zero-rest": "zeroRest" } as const;
  return {
    choices: [
      {
        setting: at("mode"),
        values: [
          { is: "ha", objects: [object("StatefulSet", "alpha")] },
          { is: "single", objects: [object("StatefulSet", "dgraph")] },
        ],
      },
      partRow(at("exposeAlpha"), object("Route", "alpha-rest")),
      partRow(at("exposeZero"), object("Route", "zero-rest")),
      partRow(at("ratel"), object("Deployment", "ratel")),
    ],
    fields: [
      replicasRow(object("StatefulSet", "alpha"), at("alphas")),
      ...claimRows(server, [], template).flatMap(sizeAndClass),
      ...claimRows(object("PersistentVolumeClaim", "datadir"), []).flatMap(sizeAndClass),
      {
        ...{ object: server, field: inContainer("alpha", "image"), setting: at("version") },
        read: found(/:(v\d+\.\d+\.\d+)(?:@.*)?$/),
      },
      {
        ...{ object: server, setting: at("whitelist") },
        field: inContainer("alpha", "env[ADMIN_WHITELIST_IPS].value"),
      },
      ...Object.entries(hosts).map(([name, setting]): FieldRow => {
        return { object: object("Route", name), field: "spec.host", setting: at("hosts", setting) };
      }),
    ],
  };
}

function botsTable({ namespace, reviewManager }: Section<"bots">): SettingTable {
  const object = (kind: string, name: string): string => `${kind} ${namespace}/${name}`;
  const at = (...setting: readonly string[]): readonly string[] => ["bots", ...setting];
  const scrum = (key: string, setting: string, read?: FieldRow["read"]): FieldRow => ({
    ...{ object: object("ConfigMap", "sesheta-configmap"), field: `data[${key}]`, setting: at("sesheta", setting) },
    ...(read === undefined ? {} : { read }),
  });
  const people = (value: unknown): readonly string[] | undefined =>
    typeof value === "string" ? value.split(/,\s*/).filter((one) => one !== "") : undefined;
  const secret = (name: string, key: string, setting: readonly string[], read?: FieldRow["read"]): FieldRow =>
    secretRow(object("Secret", name), key, setting, read);
  return {
    choices: [
      partRow(at("kebechet", "enabled"), object("CronJob", "kebechet")),
      partRow(at("nepthys", "enabled"), object("CronJob", "nepthys")),
      partRow(at("sesheta", "webhooks"), object("Deployment", "sesheta-webhooks")),
      partRow(at("sesheta", "scrum"), object("CronJob", "sesheta-scrum")),
      partRow(at("sesheta", "labelChecker"), object("CronJob", "sesheta-label-checker")),
      partRow(at("sesheta", "approver"), object("CronJob", "sesheta-approver")),
    ],
    fields: [
      {
        ...{ object: object("ConfigMap", "kebechet-configmap"), field: "data[kebechet-config]" },
        setting: at("kebechet", "configuration"),
      },
      {
        ...{ object: object("ConfigMap", "kebechet-configmap"), field: "data[kebechet-verbose]" },
        ...{ setting: at("kebechet", "verbose"), read: (value) => (value === undefined ? undefined : value !== "0") },
      },
      // The users that commits are of.
      secret("nepthys-secret", "user-name", at("nepthys", "userName")),
      secret("nepthys-secret", "user-email", at("nepthys", "userEmail")),
      scrum("scrum-space", "scrumSpace"),
      scrum("scrum-message", "scrumMessage"),
      scrum("scrum-url", "scrumUrl"),
      scrum("users-invited", "usersInvited", people),
      { object: object("CronJob", "sesheta-scrum"), field: "spec.schedule", setting: at("sesheta", "scrumSchedule") },
      { object: object("CronJob", "sesheta-scrum"), field: "spec.timeZone", setting: at("sesheta", "scrumTimeZone") },
      { object: object("CronJob", "kebechet"), field: "spec.suspend", setting: at("suspendCronJobs") },
      ...(reviewManager === undefined
        ? []
        : [secret("sefkhet-abwy", "github-app-identifier", at("reviewManager", "appId"), asNumber)]),
    ],
  };
}

function ultrahookTable({ namespace, tunnels }: Section<"ultrahook">): SettingTable {
  const fields = Object.keys(tunnels).map((name): FieldRow => {
    const object = `Deployment ${namespace}/ultrahook-${name}`;
    return { object, field: "spec.replicas", setting: ["ultrahook", "paused"], read: (value) => value === 0 };
  });
  return { choices: [], fields };
}
