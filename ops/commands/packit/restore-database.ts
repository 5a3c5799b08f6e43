/** `orrery packit restore-database`. */
import { statSync } from "node:fs";
import { confirm } from "../../lib/prompt.ts";
import { defineCommand } from "../../../cli/command.ts";
import { decide } from "../../lib/decision/decide.ts";
import { kubectlOptions } from "../../lib/kube/kubectl.ts";
import { stackOptions } from "../../lib/stack.ts";
import { checkDump, loadDraft, takePlace } from "../../lib/packit/database/copy.ts";
import { taskValues } from "../../lib/packit/database/interrupted.ts";
import { podServer } from "../../lib/packit/database/server.ts";
import {
  counts,
  type Database,
  databases,
  execute,
  freeBytes,
  identifier,
  size,
} from "../../lib/packit/database/sql.ts";
import { openInstance, serviceOptions } from "../../lib/packit/service.ts";
import { start, stop, writers } from "../../lib/packit/writers.ts";

/** Properties of the new database: those of the old one, or of a fresh container. */
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
function stamp(now: Date): string {
  return now.toISOString().slice(0, 19).replace("T", "_").replaceAll(/[-:]/g, "");
}

export const command = defineCommand({
  usage: "FILE",
  about: `Replaces the service's database by a dump (dump-database, pg_dump in plain SQL; .gz is unpacked). The dump is loaded next to the
database first, completely or not at all; then web service, workers and beat are stopped, the two databases are renamed, and everything
starts again. If anything goes wrong before that, or you press Ctrl-C, nothing has changed; what was loaded by then the next run removes. The old database is kept under another name.`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    "drop-old": { type: "boolean", help: "do not keep the old database" },
    timeout: { type: "duration", default: "10m", help: "how long pods may take to stop and to start" },
    yes: { type: "boolean", help: "do not ask" },
    "dry-run": { type: "boolean", help: "change nothing, say what would be replaced" },
  },
  async run(values, [file]) {
    await checkDump(file);
    const seconds = values.timeout;
    const opened = await openInstance(values);
    const { settings, kubectl, service, name } = opened;
    const { version, database, user } = settings.postgres;
    const server = podServer(kubectl, version);
    const found = await databases(server);
    const needed = Math.max(statSync(file).size, found.find((one) => one.name === database)?.bytes ?? 0);
    const free = await freeBytes(server);
    if (free < needed) {
      const room = `${size(free)} free, about ${size(needed)} needed in addition`;
      throw new Error(
        `the volume of ${server.name} has no room for it: ${room}; nothing was changed: raise postgres.size`,
      );
    }
    const title = `database ${database} of ${service} in ${name} (${server.name}) by ${file}`;
    if (values.dryRun) {
      console.log(`would replace ${title}`);
      return 0;
    }
    if (!(await confirm(`replace ${title}?`, values.yes))) return 1;
    await loadDraft(server, modelOf(found, database, user), file);
    const old = `${database}_before_${stamp(new Date())}`;
    const task = {
      kind: "packit writers",
      values: { ...taskValues(opened, values), seconds: String(seconds) },
    } as const;
    const code = await decide(opened, { command: "packit restore-database", task }, async (decision) => {
      await stop(kubectl, writers(settings), seconds, decision.signal);
      await decision.shield(async () => {
        await takePlace(server, database, old);
        console.error(`${server.name} has the dump as ${database} now; what writes to it starts again`);
        await start(kubectl, writers(settings), seconds);
      });
      return 0;
    });
    if (code !== 0) return code;
    if (values.dropOld) {
      await execute(server, "postgres", [`DROP DATABASE IF EXISTS ${identifier(old)}`]);
    } else if (found.some((one) => one.name === database)) {
      console.log(`the old database is kept as ${old}; to drop it: DROP DATABASE ${identifier(old)}`);
    }
    const rows = (await counts(server, database)).length;
    console.log(`replaced ${title}; ${rows} tables and sequences`);
    return 0;
  },
});
