/** Queries and statements of the database commands. */
import type { Server } from "./server.ts";

/** A database of a server, without the templates. */
export interface Database {
  readonly name: string;
  readonly owner: string;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  readonly bytes: number;
}

/** `"name"`, safe as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `'text'`, safe as an SQL string. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** psql that stops at the first error and reads no file of the user's. */
const psql = ["psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--username", "postgres"];

/** Runs statements, each on its own unless `together`: then all of them or none. @returns what psql prints, unaligned */
export function execute(
  server: Server,
  database: string,
  statements: readonly string[],
  together = false,
): Promise<string> {
  const mode = ["--tuples-only", "--no-align", "--quiet", ...(together ? ["--single-transaction"] : [])];
  const commands = statements.flatMap((statement) => ["--command", statement]);
  return server.run([...psql, "--dbname", database, ...mode, ...commands]);
}

/** Loads a file of SQL, whole or not at all. */
export async function load(server: Server, database: string, file: string, together = true): Promise<void> {
  const mode = ["--quiet", "--output", "/dev/null", ...(together ? ["--single-transaction"] : [])];
  await server.run([...psql, "--dbname", database, ...mode], { input: file });
}

/** The rows of a query that makes one JSON array of them. */
async function rows<T>(server: Server, database: string, query: string): Promise<readonly T[]> {
  const printed = await execute(server, database, [`SELECT coalesce(json_agg(r), '[]') FROM (${query}) r`]);
  return JSON.parse(printed) as readonly T[];
}

/** All databases except templates. */
export function databases(server: Server): Promise<readonly Database[]> {
  const query = `SELECT datname AS name, pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding,
    datcollate AS collate, datctype AS ctype, pg_database_size(oid) AS bytes
    FROM pg_database WHERE NOT datistemplate AND datallowconn ORDER BY datname`;
  return rows<Database>(server, "postgres", query);
}

/** Rows of a table or, for a sequence, its last value. */
export interface Count {
  readonly name: string;
  readonly count: number;
}

/** How many rows each table of a database has, and where its sequences are. */
export async function counts(server: Server, database: string): Promise<readonly Count[]> {
  const own = "nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_'";
  const number = (select: string): string =>
    `(xpath('/row/n/text()', query_to_xml(format(${literal(select)}, nspname, relname), false, true, '')))[1]::text::bigint`;
  const query = `SELECT nspname || '.' || relname AS name,
      CASE relkind WHEN 'S' THEN coalesce(${number("SELECT last_value AS n FROM %I.%I")}, 0)
        ELSE ${number("SELECT count(*) AS n FROM ONLY %I.%I")} END AS count
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'm', 'S') AND ${own} ORDER BY 1`;
  return rows<Count>(server, database, query);
}

/** Bytes that are free where a server keeps its data. */
export async function freeBytes(server: Server): Promise<number> {
  const folder = (await execute(server, "postgres", ["SHOW data_directory"])).trim();
  const printed = await server.run(["df", "-Pk", folder]);
  return Number(printed.trim().split("\n").at(-1)?.split(/\s+/)[3]) * 1024;
}

/**
 * Roles with their passwords, as statements that may be run where some of them exist already. Statements, since pg_dumpall
 * forbids psql's own commands in what it prints.
 * @param dump - what `pg_dumpall --roles-only` prints
 */
export function repeatable(dump: string): string {
  return dump.replaceAll(/^CREATE ROLE (.+);$/gm, (statement, role: string) => {
    const there = `EXISTS (SELECT FROM pg_roles WHERE ${literal(role)} IN (rolname, quote_ident(rolname)))`;
    return `DO $orrery$BEGIN IF NOT ${there} THEN ${statement} END IF; END$orrery$;`;
  });
}

/** What `pg_dumpall --roles-only` prints, without what makes or alters these roles. */
export function withoutRoles(dump: string, names: readonly string[]): string {
  const spellings = new Set(names.flatMap((name) => [name, identifier(name)]));
  const isTheirs = (line: string): boolean =>
    spellings.has(/^(?:CREATE|ALTER) ROLE ("(?:[^"]|"")*"|[^\s;]+)/.exec(line)?.[1] ?? "");
  return dump
    .split("\n")
    .filter((line) => !isTheirs(line))
    .join("\n");
}

/** 1536 -> "1.5 KiB". */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? ""}`;
}

/** Bytes of a Kubernetes quantity such as 10Gi. */
export function quantityBytes(quantity: string): number {
  const [, count, unit = ""] = /^(\d+)(Ki|Mi|Gi|Ti)?$/.exec(quantity) ?? [];
  return Number(count) * 1024 ** ["", "Ki", "Mi", "Gi", "Ti"].indexOf(unit);
}
