/** Copies everything of one server into another one of a newer version, and compares. */
import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { checkLocalRoom, differences, dump, dumpOne, loadDraft, takePlace } from "./copy.ts";
import type { Server } from "./server.ts";
import {
  counts,
  type Database,
  databases,
  execute,
  freeBytes,
  identifier,
  load,
  repeatable,
  size,
  withoutRoles,
} from "./sql.ts";
import { readFileSync, writeFileSync } from "node:fs";

/** Room for a restored database as a multiple of its size: indices are rebuilt and the write-ahead log grows. */
const margin = 1.3;

/** The databases to copy. @throws if a person has to check something first */
export async function contents(old: Server): Promise<readonly Database[]> {
  const found = await databases(old);
  const strays = await counts(old, "postgres");
  if (strays.length > 0) {
    const tables = strays.map(({ name }) => name).join(", ");
    throw new Error(
      `${old.name}: the administrative database postgres holds ${tables}; move them to a database of their own`,
    );
  }
  return found.filter(({ name }) => name !== "postgres");
}

/** Bytes that the new volume needs. */
export function roomFor(found: readonly Database[]): number {
  return Math.ceil(found.reduce((sum, { bytes }) => sum + bytes, 0) * margin);
}

/** @throws if the new server's volume, as it really is, or this machine has no room */
export async function checkRoom(fresh: Server, found: readonly Database[], folder: string): Promise<void> {
  const [free, needed] = [await freeBytes(fresh), roomFor(found)];
  if (free < needed) {
    throw new Error(
      `the volume of ${fresh.name} has no room: ${size(free)} free, ${size(needed)} needed; nothing was copied: raise postgres.size`,
    );
  }
  checkLocalRoom(folder, needed);
}

/**
 * Copies roles and databases; may be repeated, the last copy counts.
 * @param folder - where the dumps pass through; they are removed again
 * @param keep - roles that stay as they are on the fresh server, with its passwords
 * @throws if the copy is not the same, table by table
 */
export async function copyAll(
  old: Server,
  fresh: Server,
  found: readonly Database[],
  folder: string,
  report: (line: string) => void,
  keep: readonly string[] = [],
): Promise<void> {
  const passing = mkdtempSync(path.join(folder, "orrery-upgrade-"));
  try {
    const roles = path.join(passing, "roles.sql");
    await dump(old, ["pg_dumpall", "--roles-only"], roles);
    writeFileSync(roles, repeatable(withoutRoles(readFileSync(roles, "utf8"), keep)));
    await load(fresh, "postgres", roles, false);
    for (const database of found) {
      const file = path.join(passing, "database.sql.gz");
      await dump(old, dumpOne(database.name), file);
      await loadDraft(fresh, database, file);
      const empty = `${database.name}_replaced`;
      await execute(fresh, "postgres", [`DROP DATABASE IF EXISTS ${identifier(empty)}`]);
      await takePlace(fresh, database.name, empty);
      await execute(fresh, "postgres", [`DROP DATABASE IF EXISTS ${identifier(empty)}`]);
      const [before, now] = [await counts(old, database.name), await counts(fresh, database.name)];
      const wrong = differences(before, now);
      if (wrong.length > 0) throw new Error(`the copy of ${database.name} differs:\n  ${wrong.join("\n  ")}`);
      const rows = now.reduce((sum, { count }) => sum + count, 0);
      report(`${database.name}: ${now.length} tables and sequences, ${rows} rows and numbers, all equal`);
    }
  } finally {
    rmSync(passing, { recursive: true, force: true });
  }
}
