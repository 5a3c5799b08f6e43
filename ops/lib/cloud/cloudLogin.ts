/** A cloud of clouds.yaml as `clouds:settings` and a secret. */
import { asObject, asText, type Json } from "../../../policy/manifest.ts";
import type { NamedCloud } from "./cloudsYaml.ts";

/** Settings of a cloud that belong to its login. */
export const loginFields = [
  ...(["authUrl", "region", "userName", "tenantName", "userDomainName", "projectDomainName"] as const),
  "applicationCredentialId",
] as const;

/** What clouds.yaml says of a login. */
export interface CloudLogin {
  /** One way to log in; the fields of the other one are missing. */
  readonly settings: Readonly<Partial<Record<(typeof loginFields)[number], string>>>;
  /** Password, or secret of the application credential. */
  readonly secret: string;
  /** What of the entry is not taken, a sentence each. */
  readonly notes: readonly string[];
}

/** @throws in one sentence if the stack cannot log in so, or something is missing */
export function loginOf({ name, entry }: NamedCloud): CloudLogin {
  const read = reader(name, entry);
  const type = read("auth_type", "auth_plugin") ?? "password";
  const region = read("region_name") ?? "";
  if (region === "") throw new Error(`cloud "${name}" names no region: choose one by --region`);
  const common = { authUrl: v3(name, required(name, read, "auth_url")), region };
  if (type === "v3applicationcredential") {
    if (read("application_credential_id") === undefined && read("application_credential_name") !== undefined)
      throw new Error(
        `cloud "${name}" names its application credential: give application_credential_id, which "openstack application credential show" prints`,
      );
    return {
      settings: { ...common, applicationCredentialId: required(name, read, "application_credential_id") },
      secret: required(name, read, "application_credential_secret"),
      notes: notesOn(entry),
    };
  }
  if (!["password", "v3password"].includes(type))
    throw new Error(
      `cloud "${name}" logs in by ${type}; a stack logs in by password, v3password or v3applicationcredential`,
    );
  return {
    settings: {
      ...common,
      userName: required(name, read, "username"),
      tenantName: required(name, read, "project_name", "tenant_name"),
      userDomainName: domain(name, read, "user"),
      projectDomainName: domain(name, read, "project"),
    },
    secret: required(name, read, "password"),
    notes: notesOn(entry),
  };
}

/** The first of some keys that the entry has: the clients take them from `auth` and from above it. */
type Read = (...keys: readonly string[]) => string | undefined;

function reader(name: string, entry: Json): Read {
  const auth = asObject(entry.auth);
  return (...keys) => {
    for (const key of keys) {
      const value = auth[key] ?? entry[key];
      if (value === undefined || value === null || value === "") continue;
      // YAML 1.1 reads 0123 as 83, and a client would send that.
      if (typeof value !== "string") throw new Error(`cloud "${name}": ${key} is no text; put it into quotes`);
      return value;
    }
    return undefined;
  };
}

/** Keys of ids that the clients take instead of names. */
const ids: Readonly<Record<string, readonly string[]>> = {
  username: ["user_id"],
  project_name: ["project_id", "tenant_id"],
};

function required(name: string, read: Read, ...keys: readonly string[]): string {
  const value = read(...keys);
  if (value !== undefined) return value;
  const [key = ""] = keys;
  const where = /password|secret/.test(key) ? " in clouds.yaml or secure.yaml" : "";
  const id = (ids[key] ?? []).find((one) => read(one) !== undefined);
  throw new Error(`cloud "${name}" has no ${key}${where}${id === undefined ? "" : `; ${id} alone is not enough`}`);
}

/** A domain by its name; the one that every Keystone begins with has the id `default`. */
function domain(name: string, read: Read, of: "user" | "project"): string {
  const named = read(`${of}_domain_name`, "domain_name", "default_domain_name");
  if (named !== undefined) return named;
  const id = read(`${of}_domain_id`, "domain_id", "default_domain_id", "default_domain") ?? "default";
  if (id.toLowerCase() === "default") return "Default";
  throw new Error(
    `cloud "${name}" has the id of a domain: give ${of}_domain_name, which "openstack domain show ${id}" prints`,
  );
}

/** Keystone's URL with its version, which the clients would find by asking. */
function v3(name: string, url: string): string {
  const bare = url.replace(/\/+$/, "");
  if (/\/v2\.0$/.test(bare))
    throw new Error(`cloud "${name}" has Keystone's URL of version 2: give the one of version 3`);
  return /\/v3$/.test(bare) ? bare : `${bare}/v3`;
}

function notesOn(entry: Json): readonly string[] {
  const asked = (key: string): boolean => entry[key] !== undefined && entry[key] !== null && entry[key] !== "";
  const face = asText(entry.interface) || asText(entry.endpoint_type) || "public";
  return [
    ...(entry.verify === false || entry.insecure === true ? ["certificates are checked, whatever the entry says"] : []),
    ...["cacert", "cert", "key"]
      .filter(asked)
      .map((key) => `${key} is not taken: this machine's own certificates count`),
    ...(["public", "publicURL"].includes(face) ? [] : [`the public endpoints are used, not the ${face} ones`]),
  ];
}
