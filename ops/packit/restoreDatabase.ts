/** Puts a dump in the place of the database. */
import { statSync } from "node:fs";
import { confirm } from "../lib/prompt.ts";
import { type Command, duration, UsageError } from "../command.ts";
import { kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { checkDump, loadBeside, takePlace } from "./database/copy.ts";
import { podServer } from "./database/server.ts";
import { counts, type Database, databases, execute, freeBytes, identifier, size } from "./database/sql.ts";
import { openInstance, serviceHelp, serviceOptions } from "./instance.ts";
import { whileStopped, writers } from "./writers.ts";

/** A new database is made like the old one, or like a fresh container makes it. */
function modelOf(found: readonly Database[], name: string, owner: string): Omit<Database, "bytes"> {
  const model = found.find((one) => one.name === name) ?? found.find((one) => one.name === "postgres");
  return {
    name,
    owner,
    encoding: model?.encoding ?? "UTF8",
    collate: model?.collate ?? "C",
    ctype: model?.ctype ?? "C",
  };
}

/** `20261121_153000`, for the name of what is kept. */
export function stamp(now: Date): string {
  return now.toISOString().slice(0, 19).replace("T", "_").replaceAll(/[-:]/g, "");
}

export const command: Command = {
  help: `Usage: npm run ops -- packit restore-database FILE --stack S [--yes] [--dry-run]

Puts a dump (dump-database, pg_dump in plain SQL; .gz is unpacked) in the place of the service's database. The dump is loaded beside
the database first, as a whole or not at all; then web service, workers and beat are stopped, the two databases change names, and
everything starts again. If anything goes wrong before that, nothing has changed. The old database is kept under another name.

${stackHelp}
${serviceHelp}
${kubectlHelp}
  --drop-old         do not keep the old database
  --timeout D        how long the pods may take to stop and to start (default 10m)
  --yes              do not ask
  --dry-run          change nothing, say what would be replaced`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    "drop-old": { type: "boolean" },
    timeout: { type: "string" },
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  async run({ values, words: [file] }) {
    if (file === undefined) throw new UsageError("which dump? e.g. restore-database packit.sql.gz --stack stage");
    await checkDump(file);
    const seconds = duration(values, "timeout", "10m");
    const { settings, kubectl, service, name } = await openInstance(values);
    const { version, database, user } = settings.postgres;
    const server = podServer(kubectl, version);
    const found = await databases(server);
    const needed = Math.max(statSync(file).size, found.find((one) => one.name === database)?.bytes ?? 0);
    const free = await freeBytes(server);
    if (free < needed) {
      const room = `${size(free)} free, about ${size(needed)} needed beside what is there`;
      throw new Error(
        `the volume of ${server.name} has no room for it: ${room}; nothing was changed: raise postgres.size`,
      );
    }
    const title = `database ${database} of ${service} in ${name} (${server.name}) by ${file}`;
    if (values["dry-run"] === true) {
      console.log(`would replace ${title}`);
      return 0;
    }
    if (!(await confirm(`replace ${title}?`, values.yes === true))) return 1;
    await loadBeside(server, modelOf(found, database, user), file);
    const old = `${database}_before_${stamp(new Date())}`;
    await whileStopped(kubectl, writers(settings), seconds, () => takePlace(server, database, old));
    if (values["drop-old"] === true) {
      await execute(server, "postgres", [`DROP DATABASE IF EXISTS ${identifier(old)}`]);
    } else if (found.some((one) => one.name === database)) {
      console.log(`the old database is kept as ${old}; to drop it: DROP DATABASE ${identifier(old)}`);
    }
    const rows = (await counts(server, database)).length;
    console.log(`replaced ${title}; ${rows} tables and sequences`);
    return 0;
  },
};
