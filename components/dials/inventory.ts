import { z } from "zod";

/** Deployment names are DNS labels; a worker's is its prefix plus "-priority". */
const workerPrefix = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,40}[a-z0-9])?$/, "expected lower-case letters, digits and inner hyphens, e.g. csc");

/** What DBS is asked for; the pattern's own star is DBS's wildcard. */
const dataset = z.strictObject({
  pattern: z
    .string()
    .regex(/^\/[\w*-]+\/[\w*-]+\/[A-Z*]+$/, "expected /<primary dataset>/<era>/<tier>, e.g. /ZeroBias/*Run202*/DQMIO")
    .describe("Dataset pattern on DBS, e.g. /ZeroBias/*Run202*/DQMIO."),
  instance: z.enum(["global", "phys01", "phys02", "phys03"]).default("global").describe("DBS instance."),
});

/** One detector group: its database, its workers, what it takes from which datasets, who sees it. */
export const workspaceSchema = z.strictObject({
  name: z
    .string("a workspace needs a name, which is also its database's")
    // Alembic creates the database by an unquoted name.
    .regex(
      /^[a-z][a-z0-9_]{0,40}$/,
      "a workspace is also a database: expected lower-case letters, digits and _, e.g. csc",
    )
    .describe("Name of the workspace and of its database."),
  role: z.string().min(1).describe("SSO role whose owners land in this workspace; the first matching workspace wins."),
  datasets: z.array(dataset).min(1).describe("Where its files are found."),
  prefixes: z
    .array(
      z
        .string()
        // The ETL joins them to one regular expression without escaping.
        .regex(/^[\w/-]+$/, "expected letters, digits, _, - and /: the ETL reads a prefix as a regular expression"),
    )
    .min(1)
    .describe("Beginnings of the monitoring elements that it keeps."),
  workers: workerPrefix
    .optional()
    .describe("Beginning of its workers' names: <workers>-bulk and <workers>-priority. Default: the name."),
  priority: z
    .boolean()
    .default(true)
    .describe("Does it have a worker for files of the priority era? Else the bulk worker takes them."),
});

/** A workspace as the settings declare it. */
export type Workspace = z.infer<typeof workspaceSchema>;

/** A Celery worker: its Deployment, container, host name prefix and only queue all have the same name. */
export interface QueueWorker {
  readonly name: string;
  /** `app.kubernetes.io/part-of`. */
  readonly group: string;
  /** Workspaces whose files it takes. */
  readonly workspaces: readonly Workspace[];
}

/** Queue of both indexing tasks. */
export const indexerQueue = "common-indexer";

/** Queues of a workspace's files. */
export function queues(workspace: Workspace): { readonly bulk: string; readonly priority: string } {
  const prefix = prefixOf(workspace);
  return { bulk: `${prefix}-bulk`, priority: workspace.priority ? `${prefix}-priority` : `${prefix}-bulk` };
}

/** Workers of all workspaces in order; a shared queue has one. */
export function queueWorkers(workspaces: readonly Workspace[]): readonly QueueWorker[] {
  const workers = new Map<string, QueueWorker>();
  for (const workspace of workspaces) {
    const { bulk, priority } = queues(workspace);
    for (const name of new Set([bulk, priority])) {
      const known = workers.get(name)?.workspaces ?? [];
      workers.set(name, { name, group: `${prefixOf(workspace)}-etl`, workspaces: [...known, workspace] });
    }
  }
  return [...workers.values()];
}

/** Every Deployment of the ETL image; they pause and resume together. */
export function scaleSet(workspaces: readonly Workspace[]): readonly string[] {
  return [indexerQueue, "common-redbeat", "flower", ...queueWorkers(workspaces).map(({ name }) => name)];
}

/** Databases, one a workspace. */
export function databases(workspaces: readonly Workspace[]): readonly string[] {
  return workspaces.map(({ name }) => name);
}

/** Workspace -> SSO role, in the order in which the backend looks for a match. */
export function roles(workspaces: readonly Workspace[]): Readonly<Record<string, string>> {
  return Object.fromEntries(workspaces.map(({ name, role }) => [name, role]));
}

function prefixOf({ name, workers }: Workspace): string {
  return workers ?? name.replaceAll("_", "-");
}
