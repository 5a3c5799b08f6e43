/** `orrery packit dump-database`. */
import { existsSync } from "node:fs";
import path from "node:path";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { stackOptions } from "../../lib/stack.ts";
import { checkLocalRoom, dump, dumpOne } from "../../lib/packit/database/copy.ts";
import { podServer } from "../../lib/packit/database/server.ts";
import { databases, size } from "../../lib/packit/database/sql.ts";
import { openInstance, serviceOptions } from "../../lib/packit/service.ts";

export const command = defineCommand({
  usage: "FILE",
  about: `Dumps the database into a file. Writes the service's database as SQL on this machine (pg_dump in the pod of PostgreSQL); a name that ends
with .gz is compressed. The file appears only when it is complete. The service keeps running; the dump costs reads and one long transaction.`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    all: {
      type: "boolean",
      help: "every database and role of the server (pg_dumpall), for an empty server; restore-database reads one database only",
    },
    force: { type: "boolean", help: "replace an existing file" },
    "dry-run": { type: "boolean", help: "dump nothing, say how large it is" },
  },
  async run(values, [file]) {
    if (existsSync(file) && !values.force) throw new UsageError(`${file} exists; name another file, or --force`);
    const { settings, kubectl } = await openInstance(values);
    const { version, database } = settings.postgres;
    const server = podServer(kubectl, version);
    const found = (await databases(server)).filter(({ name }) => values.all || name === database);
    const bytes = found.reduce((sum, one) => sum + one.bytes, 0);
    const title = `${found.map(({ name }) => name).join(", ")} of ${server.name}, ${size(bytes)}`;
    if (found.length === 0) throw new Error(`${server.name} has no database ${database}`);
    if (values.dryRun) {
      console.log(`would dump ${title}`);
      return 0;
    }
    checkLocalRoom(path.dirname(path.resolve(file)), bytes);
    await dump(server, values.all ? ["pg_dumpall"] : dumpOne(database), path.resolve(file));
    console.log(`${file}: ${title}`);
    return 0;
  },
});
