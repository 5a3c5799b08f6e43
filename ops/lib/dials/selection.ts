/** The Deployments of DIALS and the groups by which people name them. */
import type { DialsSettings } from "../../../components/dials/config.ts";
import { indexerQueue, queueWorkers, scaleSet } from "../../../components/dials/inventory.ts";
import { UsageError } from "../../../cli/usage.ts";

/** One Deployment. */
export interface Target {
  readonly name: string;
  /** `app.kubernetes.io/part-of`. */
  readonly group: string;
  /** Takes tasks from the queue of its own name, so it must be drained before it is replaced. */
  readonly takesTasks: boolean;
  /** Runs the ETL image, so it pauses with the ETL. */
  readonly etl: boolean;
}

/** Every Deployment that the settings ask for. */
export function targets({ workspaces }: Pick<DialsSettings, "workspaces">): readonly Target[] {
  const plain = (name: string, group: string): Target => ({ name, group, takesTasks: false, etl: false });
  const workers = queueWorkers(workspaces);
  const etl = scaleSet(workspaces).map((name): Target => {
    const worker = workers.find((one) => one.name === name);
    const takesTasks = worker !== undefined || name === indexerQueue;
    return { name, group: worker?.group ?? "common-etl", takesTasks, etl: true };
  });
  return [
    ...etl,
    plain("redis-etl-broker", "databases"),
    plain("redis-web-cache", "databases"),
    plain("backend", "dials"),
    plain("frontend", "dials"),
  ];
}

/** What `--help` says about naming Deployments. */
export const targetHelp = `DEPLOYMENT is a name (csc-bulk, backend, ...) or a group: etl (all of it), workers (indexer and workspaces),
common-etl, <workspace>-etl, dials (backend and frontend), databases.`;

/** The Deployments that words name, each once. @throws UsageError with what there is, when a word names none */
export function select(all: readonly Target[], words: readonly string[]): readonly Target[] {
  if (words.length === 0) throw new UsageError(`DEPLOYMENT is missing; ${names(all)}`);
  const chosen = words.flatMap((word) => {
    const found = all.filter(
      ({ name, group, takesTasks, etl }) =>
        name === word || group === word || (word === "etl" && etl) || (word === "workers" && takesTasks),
    );
    if (found.length === 0) throw new UsageError(`there is no deployment or group "${word}"; ${names(all)}`);
    return found;
  });
  return [...new Set(chosen)];
}

function names(all: readonly Target[]): string {
  const groups = [...new Set(["etl", "workers", ...all.map(({ group }) => group)])];
  return `there are ${all.map(({ name }) => name).join(", ")} and the groups ${groups.join(", ")}`;
}
