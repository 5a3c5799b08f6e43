/** The databases that move: PostgreSQL of Packit and Stream, from whatever workload it is in to the one that the stack declares. */
import { tmpdir } from "node:os";
import { type Json, asList, asObject, asText, asTexts } from "../../../policy/manifest.ts";
import type { PackitSettings } from "../../../components/packit/config.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import { podServer, type Server, serverIn } from "../packit/database/server.ts";
import { counts, databases, execute } from "../packit/database/sql.ts";
import { checkRoom, contents, copyAll } from "../packit/database/upgrade.ts";
import { isOn, type Workload, workloadsOf } from "./workloads.ts";

/** One server that moves. */
export interface DatabaseMove {
  /** `Database packit-prod/packit` */
  readonly title: string;
  /** Its workload in the old cluster; undefined if none is found. */
  readonly from: Workload | undefined;
  /** Workloads of databases in the new cluster, by title: they run while it is paused. */
  readonly to: readonly string[];
  /** Why it cannot be copied as it is. @default nothing speaks against it */
  problem(): Promise<string | undefined>;
  /** Waits for the new server. @returns how many rows the copy would replace @throws if there is no room */
  prepare(): Promise<number>;
  /** Copies everything; it may be repeated. @throws if the copy is not the same */
  copy(report: (line: string) => void): Promise<void>;
}

/** Where the two clusters are, and what ends the copy. */
export interface MoveArgs {
  /** kubectl in the service's namespace of each cluster. */
  readonly old: Kubectl;
  readonly fresh: Kubectl;
  /** Everything in the old namespaces. */
  readonly objects: readonly Json[];
  readonly settings: PackitSettings;
  readonly signal: AbortSignal;
}

/** The move of one service's database. */
export function databaseMove({ old, fresh, objects, settings, signal }: MoveArgs): DatabaseMove {
  const { namespace, postgres } = settings;
  const { version, beside, database, user } = postgres;
  const from = oldDatabase(objects, namespace.name);
  const target = podServer(fresh, version, signal);
  const source = async (): Promise<Server> => {
    if (from === undefined)
      throw new Error(`no PostgreSQL was found in namespace ${namespace.name} of the old cluster`);
    return serverIn(old, from.name, await placeOf(old, from), signal);
  };
  return {
    title: `Database ${namespace.name}/${database}`,
    from,
    to: [version, ...beside].map((one) => `Deployment ${namespace.name}/postgres-${one}`),
    async problem() {
      if (from === undefined || !isOn(from)) return `${from?.title ?? "its server"} does not run: start it`;
      if (!isOnClaim(from)) return `${from.title} has its data on no claim, and loses it when it stops: give it one`;
      const server = await source();
      const major = Number((await execute(server, "postgres", ["SHOW server_version_num"])).trim()) / 10_000;
      if (Math.floor(major) > Number(version))
        return `it is of PostgreSQL ${Math.floor(major)}, the stack's of ${version}: set postgres.version`;
      const own = (await databases(server)).find(({ name }) => name === database);
      if (own === undefined) return `${from.title} has no database ${database}: set postgres.database`;
      return own.owner === user ? undefined : `it belongs to role ${own.owner}, not to ${user}: set postgres.user`;
    },
    async prepare() {
      await fresh.output(["rollout", "status", `deployment/${target.name}`, "--timeout=600s"]);
      await checkRoom(target, await contents(await source()), tmpdir());
      const there = (await databases(target)).some(({ name }) => name === database);
      const rows = there ? await counts(target, database) : [];
      return rows.reduce((sum, { count }) => sum + count, 0);
    },
    async copy(report) {
      const server = await source();
      // The pods of the new cluster log in with its own passwords.
      await copyAll(server, target, await contents(server), tmpdir(), report, ["postgres", user]);
    },
  };
}

/** Whether what a server wrote is still there when its pod has gone. */
function isOnClaim({ object }: Workload): boolean {
  const spec = asObject(object.spec);
  const volumes = asList(asObject(asObject(spec.template).spec).volumes);
  return asList(spec.volumeClaimTemplates).length > 0 || volumes.some((one) => one.persistentVolumeClaim !== undefined);
}

/** The workload that Service postgres selects, else the one that is called so. */
export function oldDatabase(objects: readonly Json[], namespace: string): Workload | undefined {
  const own = workloadsOf(objects).filter((one) => one.namespace === namespace && one.suspend === undefined);
  const service = objects.find(({ kind, metadata }) => {
    const { namespace: place, name } = asObject(metadata);
    return kind === "Service" && place === namespace && name === "postgres";
  });
  const selector = Object.entries(asTexts(asObject(service?.spec).selector));
  const selected = own.filter(({ object }) => {
    const labels = asTexts(asObject(asObject(asObject(object.spec).template).metadata).labels);
    return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
  });
  const named = own.filter(({ name }) => /^postgres(ql)?(-\d+)?$/.test(name));
  return selected[0] ?? (named.length === 1 ? named[0] : undefined);
}

/** A pod of a workload, and the container with the server. kubectl finds the pods of kinds that it knows. */
async function placeOf(
  kubectl: Kubectl,
  { kind, namespace, name, object }: Workload,
): Promise<{ pod: string; container: string }> {
  const template = asObject(asObject(object.spec).template);
  const names = asList(asObject(template.spec).containers).map((one) => asText(one.name));
  const container = names.find((one) => one.startsWith("postgres")) ?? names[0] ?? "postgres";
  if (kind === "Deployment" || kind === "StatefulSet") return { pod: `${kind.toLowerCase()}/${name}`, container };
  const labels = Object.entries(asTexts(asObject(template.metadata).labels)).map(([key, value]) => `${key}=${value}`);
  const query = ["pods", "--selector", labels.join(",")];
  const { items } = await kubectl.get<{ items: readonly Json[] }>(...query, "--field-selector", "status.phase=Running");
  const pod = asText(asObject(items[0]?.metadata).name);
  if (pod === "") throw new Error(`${kind} ${namespace}/${name} of the old cluster has no running pod`);
  return { pod, container };
}
