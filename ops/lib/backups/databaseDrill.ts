/** Restores a dump of PostgreSQL into a server of this machine, and compares it with what was in the database. */
import { closeSync, existsSync, fstatSync, globSync, openSync, readFileSync, readSync } from "node:fs";
import path from "node:path";
import {
  type Contents,
  contentsFile,
  contentsQuery,
  contentsSettings,
  dumpEnd,
  dumpFile,
} from "../../../components/packit/databaseDump.ts";
import { identifier, literal } from "../packit/database/sql.ts";
import type { DrillOf, DrillResult } from "./drilled.ts";
import { ScratchServer } from "./scratchServer.ts";

/** Drills a backup of a database. */
export const drillDatabase: DrillOf = async (restore, ending) => {
  let files = "";
  const server = await ScratchServer.start(async (folder) => {
    await restore(folder);
    // restic restores the path that the job saved.
    files = path.dirname(globSync(`${folder}/**/${dumpFile}`)[0] ?? path.join(folder, dumpFile));
  }, ending);
  try {
    const problem = incomplete(files);
    if (problem !== undefined) return { problems: [problem], compared: "" };
    const before = JSON.parse(readFileSync(path.join(files, contentsFile), "utf8")) as Contents;
    const [here, there] = [await server.version(), Number.parseInt(before.server, 10)];
    if (here < there) throw new Error(`the dump is of PostgreSQL ${there}, this machine has ${here}: install ${there}`);
    await server.ask(
      ...before.roles.map((role) => {
        const made = `SELECT FROM pg_roles WHERE rolname = ${literal(role)}`;
        return `DO $orrery$BEGIN IF NOT EXISTS (${made}) THEN CREATE ROLE ${identifier(role)}; END IF; END$orrery$`;
      }),
    );
    await server.ask("CREATE DATABASE drill TEMPLATE template0");
    try {
      await server.load("drill", path.join(files, dumpFile));
    } catch (error) {
      return { problems: [`the dump cannot be loaded: ${(error as Error).message}`], compared: "" };
    }
    const printed = await server.askIn("drill", ...contentsSettings, contentsQuery);
    return compare(before, JSON.parse(printed) as Contents);
  } finally {
    await server.stop();
  }
};

/** What a restored folder lacks. */
function incomplete(folder: string): string | undefined {
  const missing = [dumpFile, contentsFile].filter((name) => !existsSync(path.join(folder, name)));
  if (missing.length > 0) return `the backup has no ${missing.join(" and ")}`;
  const handle = openSync(path.join(folder, dumpFile), "r");
  try {
    const { size } = fstatSync(handle);
    const tail = Buffer.alloc(Math.min(size, 4096));
    readSync(handle, tail, 0, tail.length, size - tail.length);
    return tail.toString("latin1").includes(dumpEnd) ? undefined : "the dump is not whole: its last line is missing";
  } finally {
    closeSync(handle);
  }
}

/** Compares a restored database with what was saved. */
export function compare(before: Contents, now: Contents): DrillResult {
  const tables = Object.entries(before.tables).flatMap(([name, { rows, checksum }]) => {
    const found = now.tables[name];
    if (found === undefined) return [`table ${name} is missing`];
    if (found.rows !== rows) return [`table ${name} has ${found.rows} rows, ${rows} were saved`];
    return found.checksum === checksum ? [] : [`table ${name} has other contents than were saved`];
  });
  const sequences = Object.entries(before.sequences).flatMap(([name, last]) => {
    const found = now.sequences[name];
    if (found === undefined) return [`sequence ${name} is missing`];
    return found < last ? [`sequence ${name} is at ${found}, it was at ${last}`] : [];
  });
  const more = Object.keys(now.tables).filter((name) => !(name in before.tables));
  const rows = Object.values(before.tables).reduce((sum, one) => sum + one.rows, 0);
  return {
    problems: [...tables, ...sequences, ...more.map((name) => `table ${name} was not there when it was saved`)],
    compared: `${Object.keys(before.tables).length} tables, ${rows} rows, ${Object.keys(before.sequences).length} sequences`,
  };
}
