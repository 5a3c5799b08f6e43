/** Removes a PostgreSQL server that nobody uses any more, with its volume. */
import { confirm } from "../lib/prompt.ts";
import type { Values } from "../command.ts";
import { changeSettings, pulumiUp } from "../lib/stack.ts";
import { podServer } from "./database/server.ts";
import { counts } from "./database/sql.ts";
import type { Instance } from "./instance.ts";
import { resources, type StateResource, unprotect } from "./state.ts";

/** What belongs to one server. */
export function ofServer(all: readonly StateResource[], namespace: string, name: string): readonly StateResource[] {
  return all.filter(({ inputs }) => inputs?.metadata?.namespace === namespace && inputs.metadata.name === name);
}

/** Takes a version out of the settings and the cluster. @throws if it serves or the one that serves is empty */
export async function forget(
  old: Instance["settings"]["postgres"]["version"],
  opened: Instance,
  values: Values,
): Promise<number> {
  const { settings, kubectl, service, schema, name } = opened;
  const { version, beside, database } = settings.postgres;
  if (old === version) throw new Error(`PostgreSQL ${old} serves; nothing was removed`);
  if (!beside.includes(old)) throw new Error(`PostgreSQL ${old} does not run beside ${version}; nothing was removed`);
  const serving = await counts(podServer(kubectl, version), database);
  if (serving.length === 0) throw new Error(`the database of postgres-${version} is empty; nothing was removed`);
  const title = `postgres-${old} of ${service} in ${name} with its volume`;
  if (values["dry-run"] === true) {
    console.log(`would remove ${title}`);
    return 0;
  }
  if (!(await confirm(`remove ${title}? Its data are gone then.`, values.yes === true))) return 1;
  await unprotect(name, ofServer(await resources(name), settings.namespace.name, `postgres-${old}`));
  const left = beside.filter((one) => one !== old);
  changeSettings(schema, opened, [{ at: ["postgres", "beside"], value: left }], false);
  const code = await pulumiUp(opened, values.yes === true);
  if (code !== 0) return code;
  // Where volumes are retained on deletion, the program leaves it behind.
  await kubectl.output(["delete", "persistentvolumeclaim", `postgres-${old}`, "--ignore-not-found"]);
  console.log(`removed ${title}`);
  return 0;
}
