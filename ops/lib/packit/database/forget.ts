/** Removes an unused PostgreSQL server with its volume. */
import { confirm } from "../../prompt.ts";
import { changeSettings, pulumiUp } from "../../stack.ts";
import { podServer } from "./server.ts";
import { counts } from "./sql.ts";
import type { Instance } from "../service.ts";
import { resources, type StateResource, unprotect } from "../state.ts";

/** What belongs to one server. */
export function ofServer(all: readonly StateResource[], namespace: string, name: string): readonly StateResource[] {
  return all.filter(({ inputs }) => inputs?.metadata?.namespace === namespace && inputs.metadata.name === name);
}

/** Takes a version out of the settings and the cluster. @throws if it serves or the one that serves is empty */
export async function forgetServer(
  old: Instance["settings"]["postgres"]["version"],
  opened: Instance,
  { dryRun, yes }: { readonly dryRun: boolean; readonly yes: boolean },
): Promise<number> {
  const { settings, kubectl, service, schema, name } = opened;
  const { version, beside, database } = settings.postgres;
  if (old === version) throw new Error(`PostgreSQL ${old} serves; nothing was removed`);
  if (!beside.includes(old)) throw new Error(`PostgreSQL ${old} does not run next to ${version}; nothing was removed`);
  const serving = await counts(podServer(kubectl, version), database);
  if (serving.length === 0) throw new Error(`the database of postgres-${version} is empty; nothing was removed`);
  const title = `postgres-${old} of ${service} in ${name} with its volume`;
  if (dryRun) {
    console.log(`would remove ${title}`);
    return 0;
  }
  if (!(await confirm(`remove ${title}? Its data will be lost.`, yes))) return 1;
  await unprotect(name, ofServer(await resources(name), settings.namespace.name, `postgres-${old}`));
  const left = beside.filter((one) => one !== old);
  changeSettings(schema, opened, [{ at: ["postgres", "beside"], value: left }], false);
  const code = await pulumiUp(opened, yes);
  if (code !== 0) return code;
  // Where volumes are retained on deletion, it is not deleted with its resource.
  await kubectl.output(["delete", "persistentvolumeclaim", `postgres-${old}`, "--ignore-not-found"]);
  console.log(`removed ${title}`);
  return 0;
}
