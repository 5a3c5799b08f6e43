/** Where secrets were kept before: a password store, vault files, a folder. A source prints names of places only, never texts. */
import { UsageError } from "../../../cli/usage.ts";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import type { WantedSecret } from "../../../config/secrets.ts";
import { run } from "../process.ts";
import { variablesOf } from "./ansibleVault.ts";

/** A secret's text, and what its place is called. */
export interface Found {
  readonly place: string;
  readonly text: string;
}

/** A place that secrets come from. */
export interface SecretSource {
  /** Where the secret would be; undefined when such a store never has it. */
  place(wanted: WantedSecret): string | undefined;
  /** The texts there; undefined when there is nothing. */
  read(place: string, wanted: WantedSecret): Promise<string | undefined>;
  /** All places that there are. */
  readonly places: readonly string[];
  /** Places that probably have a secret that was not found; they are proposed, not taken. */
  near?(wanted: WantedSecret): readonly string[];
  /** Why a secret was not taken, beyond that its place is empty. */
  why?(wanted: WantedSecret): string | undefined;
}

/** A secret that is one word or line, of all that may be stored with it. */
const oneLine = ({ spec }: WantedSecret): boolean => spec.format === "token" || spec.format === "url";

/** Files below a folder, with / between names, sorted. */
function filesBelow(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files.filter((file) => !/(^|\/)\.git(\/|$)/.test(file) && statSync(path.join(folder, file)).isFile()).sort();
}

/** Default store folders of gopass and pass. */
export function storeFolder(given: string | undefined): string {
  const usual = [
    process.env.PASSWORD_STORE_DIR,
    path.join(homedir(), ".local", "share", "gopass", "stores", "root"),
    path.join(homedir(), ".password-store"),
  ];
  const folder = given ?? usual.find((one) => one !== undefined && existsSync(one));
  if (folder === undefined || !existsSync(folder)) {
    throw new UsageError(
      `there is no password store ${given ?? "in its usual places"}; name its folder: import gopass DIR`,
    );
  }
  return folder;
}

/**
 * A store of gopass or pass: one file a secret, encrypted by gpg, whose agent asks for the key's passphrase.
 * @param mount - where gopass mounts it, when it is not the root store, e.g. `aicoe`.
 */
export function gopassSource(folder: string, mount = ""): SecretSource {
  const prefix = mount === "" ? "" : `${mount.replace(/\/+$/, "")}/`;
  const places = filesBelow(folder)
    .filter((file) => file.endsWith(".gpg"))
    .map((file) => `${prefix}${file.slice(0, -".gpg".length)}`);
  return {
    places,
    place: ({ legacySource }) => legacySource?.gopass,
    async read(place, wanted) {
      const [entry = "", field] = place.split("#");
      if (!places.includes(entry)) return undefined;
      const file = path.join(folder, `${entry.slice(prefix.length)}.gpg`);
      const { status, stdout, stderr } = await run("gpg", ["--batch", "--quiet", "--decrypt", file], { timeout: 300 });
      if (status !== 0) throw new Error(`gpg does not decrypt ${entry}: ${stderr.trim().split("\n").at(-1) ?? ""}`);
      return entryText(stdout, field, oneLine(wanted));
    },
  };
}

/** Marks an entry that gopass made of a file's bytes (fscopy, cat). */
const attachment = /^Content-Transfer-Encoding: Base64$/im;

/** An entry's own text: of one line, its first one; or what a line `field: text` of it says. */
export function entryText(entry: string, field: string | undefined, line: boolean): string | undefined {
  const lines = entry.split(/\r?\n/);
  if (field !== undefined) {
    return lines
      .find((one) => one.startsWith(`${field}:`))
      ?.slice(field.length + 1)
      .trim();
  }
  if (attachment.test(entry)) {
    const base64 = lines.filter((one) => !one.includes(":")).join("");
    return Buffer.from(base64, "base64").toString("utf8");
  }
  return line ? lines[0] : entry;
}

/** Variables of ansible-vault files; of a variable that several have the last one counts, as for Ansible. */
export function vaultSource(files: readonly string[], password: () => string): SecretSource {
  const variables = new Map(files.flatMap((file) => [...variablesIn(file, password)]));
  return {
    places: [...variables.keys()],
    place: ({ legacySource }) => legacySource?.vault,
    read: (place) => Promise.resolve(variables.get(place)),
  };
}

function variablesIn(file: string, password: () => string): ReadonlyMap<string, string> {
  if (!existsSync(file)) throw new UsageError(`there is no file ${file}`);
  try {
    return variablesOf(readFileSync(file, "utf8"), password);
  } catch (error) {
    const words = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
    throw error instanceof UsageError ? new UsageError(`${file}: ${words}`) : new Error(`${file}: ${words}`);
  }
}

/**
 * A folder of files, byte by byte; binary ones become base64. An empty file stands for a secret that the environment does not use.
 * @param password - for files with variables that are vaults.
 */
export function folderSource(folder: string, password: () => string): SecretSource {
  if (!existsSync(folder)) throw new UsageError(`there is no folder ${folder}`);
  return {
    places: filesBelow(folder),
    place: ({ legacySource }) => legacySource?.file,
    read(place, { spec, required }) {
      const [name = "", variable] = place.split("#");
      const file = path.join(folder, name);
      if (!existsSync(file)) return Promise.resolve(undefined);
      if (variable !== undefined) return Promise.resolve(variablesIn(file, password).get(variable));
      const bytes = readFileSync(file);
      if (bytes.length === 0 && !required) return Promise.resolve(undefined);
      return Promise.resolve(bytes.toString(spec.format === "base64" ? "base64" : "utf8"));
    },
  };
}
