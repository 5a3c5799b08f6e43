/** Dumps of databases, and loading them so that a failure leaves everything as it was. */
import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
} from "node:fs";
import path from "node:path";
import { createGunzip } from "node:zlib";
import type { Server } from "./server.ts";
import { type Count, type Database, execute, identifier, literal, load, size } from "./sql.ts";

/** Last line of a whole dump of one database. */
const complete = "-- PostgreSQL database dump complete";

/** First line of a dump of a whole server. */
const clusterDump = "-- PostgreSQL database cluster dump";

/** Refuses to fill this machine's disk. @throws if the folder has less room than the data has on the server */
export function checkLocalRoom(folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < bytes) {
    throw new Error(`${folder} has ${size(bavail * bsize)} free, the dump may need ${size(bytes)}; nothing was dumped`);
  }
}

/** Dumps a database into a file, whole or not at all. */
export async function dump(server: Server, program: readonly string[], file: string): Promise<void> {
  // The suffix stays at the end: it decides about compression.
  const part = path.join(path.dirname(file), `.part-${path.basename(file)}`);
  try {
    await server.run([...program, "--username", "postgres"], { output: part });
    if (!(await isComplete(part))) throw new Error(`the dump from ${server.name} broke off; nothing was kept`);
    renameSync(part, file);
  } finally {
    rmSync(part, { force: true });
  }
}

/** What dumps one database, so that it can be loaded under any name. */
export const dumpOne = (database: string): readonly string[] => ["pg_dump", "--dbname", database];

/** Whether the dump's last line is there. */
async function isComplete(file: string): Promise<boolean> {
  let tail = "";
  const stream = file.endsWith(".gz")
    ? createReadStream(file).pipe(createGunzip())
    : createReadStream(file, { start: Math.max(0, fileSize(file) - 4096) });
  for await (const chunk of stream) tail = (tail + (chunk as Buffer).toString("latin1")).slice(-4096);
  return tail.includes(complete) || tail.includes(`${clusterDump} complete`);
}

function fileSize(file: string): number {
  const handle = openSync(file, "r");
  try {
    return fstatSync(handle).size;
  } finally {
    closeSync(handle);
  }
}

/** The beginning of a dump. */
async function head(file: string): Promise<string> {
  if (!file.endsWith(".gz")) {
    const handle = openSync(file, "r");
    try {
      const buffer = Buffer.alloc(200);
      return buffer.toString("latin1", 0, readSync(handle, buffer));
    } finally {
      closeSync(handle);
    }
  }
  for await (const chunk of createReadStream(file).pipe(createGunzip()))
    return (chunk as Buffer).toString("latin1", 0, 200);
  return "";
}

/** @throws if a file is no whole dump of one database */
export async function checkDump(file: string): Promise<void> {
  if (!existsSync(file)) throw new Error(`there is no file ${file}`);
  const begins = await head(file).catch(() => "");
  if (begins.includes(clusterDump)) {
    throw new Error(
      `${file} is of a whole server (pg_dumpall): load it into an empty server by psql, or dump one database`,
    );
  }
  if (!begins.includes("-- PostgreSQL database dump")) throw new Error(`${file} is no dump of pg_dump in plain SQL`);
  if (!(await isComplete(file).catch(() => false))) throw new Error(`${file} is not whole: its last line is missing`);
}

/** Name under which a database is loaded before it takes its place. */
const draftOf = (name: string): string => `${name}_restoring`;

/** Loads a dump as a new database next to the one it replaces. @throws with that database as it was */
export async function loadDraft(server: Server, database: Omit<Database, "bytes">, file: string): Promise<void> {
  const draft = identifier(draftOf(database.name));
  const { encoding, collate, ctype, owner } = database;
  await execute(server, "postgres", [
    `DROP DATABASE IF EXISTS ${draft}`,
    `CREATE DATABASE ${draft} OWNER ${identifier(owner)} TEMPLATE template0 ENCODING ${literal(encoding)} LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)}`,
  ]);
  try {
    await load(server, draftOf(database.name), file);
    await execute(server, draftOf(database.name), ["ANALYZE"]);
  } catch (error) {
    await execute(server, "postgres", [`DROP DATABASE IF EXISTS ${draft}`]);
    throw error;
  }
}

/** Puts the loaded database in the place of the old one, which is kept under another name. */
export async function takePlace(server: Server, name: string, keepAs: string): Promise<void> {
  const exists = (
    await execute(server, "postgres", [`SELECT 1 FROM pg_database WHERE datname = ${literal(name)}`])
  ).trim();
  const away = exists === "" ? [] : [`ALTER DATABASE ${identifier(name)} RENAME TO ${identifier(keepAs)}`];
  const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (${literal(name)}, ${literal(draftOf(name))}) AND pid <> pg_backend_pid()`;
  await execute(server, "postgres", [end]);
  await execute(
    server,
    "postgres",
    [...away, `ALTER DATABASE ${identifier(draftOf(name))} RENAME TO ${identifier(name)}`],
    true,
  );
}

/** Tables and sequences in which two databases differ, a line each. */
export function differences(old: readonly Count[], copy: readonly Count[]): readonly string[] {
  const there = new Map(copy.map(({ name, count }) => [name, count]));
  const known = new Set(old.map(({ name }) => name));
  return [
    ...old
      .filter(({ name, count }) => there.get(name) !== count)
      .map(({ name, count }) => `${name}: ${count} before, ${there.get(name) ?? "nothing"} now`),
    ...copy.filter(({ name }) => !known.has(name)).map(({ name, count }) => `${name}: nothing before, ${count} now`),
  ];
}
