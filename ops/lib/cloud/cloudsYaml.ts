/**
 * Reads one cloud of clouds.yaml and secure.yaml as OpenStack's own clients do (openstacksdk, openstack/config/loader.py): the first file
 * of the usual places counts, secure.yaml is laid over it, profiles of clouds-public.yaml and the region's values are filled in.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { parseDocument } from "yaml";
import { suggest } from "../../../config/problems.ts";
import { asObject, asText, type Json } from "../../../policy/manifest.ts";

/** A cloud's entry, whole; keys with underscores. */
export interface NamedCloud {
  readonly name: string;
  /** Files that it was read from. */
  readonly files: readonly string[];
  readonly entry: Json;
}

/** How the files are found. */
interface Reading {
  /** clouds.yaml itself. @default OS_CLIENT_CONFIG_FILE, then the usual places */
  readonly file?: string | undefined;
  /** One of the cloud's regions. @default its only one */
  readonly region?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** @throws in one sentence, without a word of the files' values */
export function readCloud(name: string, reading: Reading = {}): NamedCloud {
  const { env = process.env, cwd = process.cwd(), region } = reading;
  const folders = foldersOf(env, cwd);
  const named = reading.file === undefined ? folders : [path.dirname(reading.file), ...folders];
  const file = reading.file ?? find("clouds", env.OS_CLIENT_CONFIG_FILE, folders);
  if (file === undefined)
    throw new Error(
      `there is no clouds.yaml in ${folders.join(", ")}; name one by --clouds-file or OS_CLIENT_CONFIG_FILE`,
    );
  const secure = find("secure", env.OS_CLIENT_SECURE_FILE, named);
  const all = merged(load(file), secure === undefined ? {} : load(secure));
  const clouds = asObject(all.clouds);
  const entry = clouds[name];
  if (entry === undefined) {
    const names = Object.keys(clouds);
    const there = names.length === 0 ? "none" : names.join(", ");
    throw new Error(`${file} has no cloud "${name}"; there is ${there}${suggest(name, names)}`);
  }
  const own = asObject(entry);
  const profile = asText(own.profile) || asText(own.cloud);
  const publics = profile === "" ? undefined : find("clouds-public", undefined, folders);
  const base = publics === undefined ? {} : asObject(asObject(load(publics).public_clouds)[profile]);
  const whole = inRegion(name, merged(base, own), region);
  const files = [file, ...(secure === undefined ? [] : [secure]), ...(publics === undefined ? [] : [publics])];
  return { name, files, entry: whole };
}

/** Where clouds.yaml may be; the first one counts. */
function foldersOf(env: NodeJS.ProcessEnv, cwd: string): readonly string[] {
  const home = env.HOME ?? homedir();
  const own = env.XDG_CONFIG_HOME ?? path.join(home, ".config");
  const all = [cwd, path.join(own, "openstack"), path.join(home, ".config", "openstack"), "/etc/openstack"];
  return [...new Set(all)];
}

function find(name: string, first: string | undefined, folders: readonly string[]): string | undefined {
  const usual = folders.flatMap((folder) => [".yaml", ".yml", ".json"].map((end) => path.join(folder, name + end)));
  return [...(first === undefined || first === "" ? [] : [first]), ...usual].find((one) => existsSync(one));
}

/** A file's content, keys with underscores. @throws naming the line only: a line may have a password */
function load(file: string): Json {
  const document = parseDocument(readFileSync(file, "utf8"), { version: "1.1", prettyErrors: true, merge: true });
  const [error] = document.errors;
  if (error !== undefined) throw new Error(`${file} is no YAML, line ${error.linePos?.[0].line ?? "?"}`);
  let content: unknown;
  try {
    content = document.toJS();
  } catch {
    throw new Error(`${file} is no YAML: an alias in it leads nowhere`);
  }
  return asObject(withUnderscores(content));
}

/** Names of clouds and profiles stay as they are. */
function withUnderscores(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return value.map((one) => withUnderscores(one, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  const isName = depth === 1;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      isName ? key : key.replaceAll("-", "_"),
      withUnderscores(inner, depth + 1),
    ]),
  );
}

/** The second one's values over the first one's, map by map. */
function merged(one: Json, other: Json): Json {
  const result: Record<string, unknown> = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    result[key] = isMap ? merged(asObject(result[key]), asObject(value)) : value;
  }
  return result;
}

/** The entry with its region's name and values. @throws if the region is not the cloud's, or it has several */
function inRegion(cloud: string, { regions, ...entry }: Json, wanted: string | undefined): Json {
  const single = asText(entry.region_name);
  const listed: readonly unknown[] = Array.isArray(regions) ? regions : single === "" ? [] : single.split(",");
  const known = listed.map((one) => (typeof one === "string" ? { name: one.trim() } : asObject(one)));
  const names = known.map((one) => asText(one.name));
  if (wanted === undefined && known.length > 1)
    throw new Error(`cloud "${cloud}" has the regions ${names.join(", ")}: choose one by --region`);
  if (wanted !== undefined && known.length > 0 && !names.includes(wanted))
    throw new Error(`cloud "${cloud}" has no region "${wanted}"; there is ${names.join(", ")}`);
  const found = known.find((one) => wanted === undefined || asText(one.name) === wanted);
  return { ...merged(entry, asObject(found?.values)), region_name: wanted ?? asText(found?.name) };
}
