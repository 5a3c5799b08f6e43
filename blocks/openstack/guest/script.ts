import { readFileSync } from "node:fs";
import path from "node:path";
import type { GuestFile, GuestRole, SecretFile, Unit } from "./description.ts";

/** Path of the toolkit in a guest. */
const toolkitPath = "/usr/local/lib/orrery/converge.sh";

/** The toolkit: the functions that every script calls. */
export function toolkit(): string {
  return ["converge.sh", "zfs.sh"].map((name) => readFileSync(path.join(import.meta.dirname, name), "utf8")).join("\n");
}

/** The script of one role, for a shell's standard input. */
export function scriptOf(part: GuestRole): string {
  const lines = [
    ...words("packages", part.packages),
    ...words("no_packages", part.absentPackages),
    ...(part.accounts ?? []).map(
      ({ name, uid, home, shell }) =>
        `account ${[name, String(uid ?? ""), home, shell ?? "/bin/bash"].map(quoted).join(" ")}`,
    ),
    ...(part.keys ?? []).map(
      ({ user, state, publicKey }) => `key ${quoted(user)} ${state} ${quoted(publicKey.trim())}`,
    ),
    ...(part.files ?? []).map(fileLines),
    ...words("no_file", part.absentFiles),
    ...(part.steps ?? []),
    ...(part.units ?? []).map(unitLine),
    ...(part.checks ?? []),
  ];
  // A function, so that the shell has read all of it before a command can eat what follows on standard input.
  return `. ${toolkitPath}\nmain() {\n${lines.join("\n")}\n}\nmain </dev/null\n`;
}

function words(command: string, values: readonly string[] | undefined): string[] {
  return values === undefined || values.length === 0 ? [] : [`${command} ${values.map(quoted).join(" ")}`];
}

/** A file as a here-document, so that its text stays as it is. */
function fileLines({ path: file, text, mode, owner }: GuestFile): string {
  if (!text.endsWith("\n")) throw new Error(`${file}: the text must end with a line break`);
  const lines = new Set(text.split("\n"));
  let end = "END_OF_FILE";
  while (lines.has(end)) end += "_";
  return `file ${quoted(file)} ${mode ?? "0644"} ${owner ?? "root:root"} <<'${end}'\n${text}${end}`;
}

function unitLine({ name, how, files }: Unit): string {
  return ["unit", quoted(name), how, ...files.map(quoted)].join(" ");
}

/** Command that puts the toolkit in place; it comes by standard input, which may be a socket, so no program opens it. */
export const toolkitCommand = `sudo -n sh -c 'mkdir -p "$(dirname "$0")" && cat >"$0.new" && mv "$0.new" "$0"' ${toolkitPath}`;

/** Command that calls one of the toolkit's functions as root. */
export function call(...line: readonly string[]): string {
  return `sudo -n bash -c '. ${toolkitPath}; "$@"' converge ${line.map(quoted).join(" ")}`;
}

/** Command that puts a secret in place; the secret itself comes by standard input. */
export function secretCommand({ path: file, mode, owner, unit }: SecretFile): string {
  return call(
    "secret_file",
    file,
    mode ?? "0600",
    owner ?? "root:root",
    ...(unit === undefined ? [] : [unit.name, unit.how]),
  );
}

/**
 * A word as a shell reads it back; plain words stay plain. Whatever comes from a setting or from the cloud goes through
 * this into a command, a script, or a file that a shell sources.
 */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
