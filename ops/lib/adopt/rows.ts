/** Rows that several systems' tables of settings have. */
import { asObject, asTexts, type Json } from "../../../policy/manifest.ts";
import { type FieldRow, only, type SettingTable } from "./settingTable.ts";

type Setting = readonly (string | number)[];

/** A table with every row of several. */
export function joined(tables: readonly SettingTable[]): SettingTable {
  return { fields: tables.flatMap(({ fields }) => fields), choices: tables.flatMap(({ choices }) => choices) };
}

/** Size, class and access mode of a claim, or of a claim template below `spec`. */
export function claimRows(object: string, setting: Setting, spec = "spec"): readonly FieldRow[] {
  return [
    { object, field: `${spec}.resources.requests.storage`, setting: [...setting, "size"] },
    { object, field: `${spec}.storageClassName`, setting: [...setting, "storageClass"] },
    { object, field: `${spec}.accessModes`, setting: [...setting, "accessMode"], read: only },
  ];
}

/** The field of a pod's container. */
export const inContainer = (name: string, field: string): string => `spec.template.spec.containers[${name}].${field}`;

/** A number of pods. */
export function replicasRow(object: string, setting: Setting): FieldRow {
  return { object, field: "spec.replicas", setting };
}

/** A component that can be left out, by its workload. */
export function partRow(setting: Setting, ...objects: readonly string[]) {
  return {
    setting,
    values: [
      { is: true, objects },
      { is: false, objects: [] },
    ],
  };
}

/** What one setting gives as request and limit; undefined where the two differ, since it would raise the request. */
export function resourceRow(object: string, name: string, what: "cpu" | "memory", setting: Setting): FieldRow {
  return {
    ...{ object, setting, field: inContainer(name, "resources") },
    read: (value) => {
      const { limits, requests } = asObject(value);
      const [limit, request] = [asObject(limits)[what], asObject(requests)[what]];
      return limit !== undefined && (request === undefined || request === limit) ? limit : undefined;
    },
  };
}

/** A text of a Secret that is none itself: a user, a database. */
export function secretRow(object: string, key: string, setting: Setting, read: FieldRow["read"] = whole): FieldRow {
  return { object, field: `data[${key}]`, setting, read: (_, secret) => read(textOf(secret, key), secret) };
}

/** The user of a login such as `user:password`. */
export function basicAuthRow(object: string, key: string, setting: Setting): FieldRow {
  return secretRow(object, key, setting, (text) =>
    typeof text === "string" ? /^([^:]+):/.exec(text)?.[1] : undefined,
  );
}

const whole = (text: unknown): unknown => (text === "" ? undefined : text);

/** A key of a Secret, live or as it is declared. */
export function textOf({ data, stringData }: Json, key: string): string | undefined {
  const base64 = asTexts(data)[key];
  return (
    asTexts(stringData)[key] ??
    (base64 === undefined ? undefined : Buffer.from(base64, "base64").toString("utf8").trim())
  );
}
