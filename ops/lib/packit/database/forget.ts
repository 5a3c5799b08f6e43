/** Removes an unused PostgreSQL server with its volume. */
import { confirm } from "../../prompt.ts";
import { decide } from "../../decision/decide.ts";
import { protectedUrns, resources, type StateResource } from "../../resources.ts";
import { changedSettings } from "../../stack.ts";
import type { KubectlValues } from "../../kube/kubectl.ts";
import { taskValues, volumeTask } from "./interrupted.ts";
import { podServer } from "./server.ts";
import { counts } from "./sql.ts";
import type { Instance } from "../service.ts";

/** What belongs to one server. */
export function ofServer(all: readonly StateResource[], namespace: string, name: string): readonly StateResource[] {
  return all.filter(({ inputs }) => inputs?.metadata?.namespace === namespace && inputs.metadata.name === name);
}

/** Takes a version out of the settings and the cluster. @throws if it serves or the one that serves is empty */
export async function forgetServer(
  old: Instance["settings"]["postgres"]["version"],
  opened: Instance,
  { dryRun, yes, ...values }: KubectlValues & { readonly dryRun: boolean; readonly yes: boolean },
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
  const claim = `postgres-${old}`;
  const left = beside.filter((one) => one !== old);
  const change = changedSettings(schema, opened, [{ at: ["postgres", "beside"], value: left }]);
  const urns = protectedUrns(ofServer(await resources(name), settings.namespace.name, claim));
  const task = { kind: "packit volume", values: { ...taskValues(opened, values), claim } } as const;
  const code = await decide(opened, { command: "packit upgrade-database --forget", task }, async (decision) => {
    await decision.lift(urns);
    decision.change(change);
    const ended = await decision.run("up", yes);
    if (ended === 0) await volumeTask.end(task.values, "finished");
    return ended;
  });
  if (code === 0) console.log(`removed ${title}`);
  return code;
}
