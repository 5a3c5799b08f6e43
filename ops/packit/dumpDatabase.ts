/** Writes the database into a file. */
import { existsSync } from "node:fs";
import path from "node:path";
import { type Command, UsageError } from "../command.ts";
import { kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { checkLocalRoom, dump, dumpOne } from "./database/copy.ts";
import { podServer } from "./database/server.ts";
import { databases, size } from "./database/sql.ts";
import { openInstance, serviceHelp, serviceOptions } from "./instance.ts";

export const command: Command = {
  help: `Usage: npm run ops -- packit dump-database FILE --stack S [--all] [--dry-run]

Writes the service's database as SQL into a file on this machine (pg_dump in the pod of PostgreSQL); a name that ends in .gz is
compressed. A file appears only when it is whole. The service goes on meanwhile; it costs reading and one long transaction.

${stackHelp}
${serviceHelp}
${kubectlHelp}
  --all              every database and role of the server (pg_dumpall), for an empty server; restore-database takes one database only
  --force            replace the file if there is one
  --dry-run          dump nothing, say how much there is`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    all: { type: "boolean" },
    force: { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  async run({ values, words: [file] }) {
    if (file === undefined) throw new UsageError("into which file? e.g. dump-database packit.sql.gz --stack prod");
    if (existsSync(file) && values.force !== true)
      throw new UsageError(`${file} exists; name another file, or --force`);
    const { settings, kubectl } = await openInstance(values);
    const { version, database } = settings.postgres;
    const server = podServer(kubectl, version);
    const found = (await databases(server)).filter(({ name }) => values.all === true || name === database);
    const bytes = found.reduce((sum, one) => sum + one.bytes, 0);
    const title = `${found.map(({ name }) => name).join(", ")} of ${server.name}, ${size(bytes)}`;
    if (found.length === 0) throw new Error(`${server.name} has no database ${database}`);
    if (values["dry-run"] === true) {
      console.log(`would dump ${title}`);
      return 0;
    }
    checkLocalRoom(path.dirname(path.resolve(file)), bytes);
    await dump(server, values.all === true ? ["pg_dumpall"] : dumpOne(database), path.resolve(file));
    console.log(`${file}: ${title}`);
    return 0;
  },
};
