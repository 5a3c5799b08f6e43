import { createHash } from "node:crypto";
import type { EtlSettings } from "./settings.ts";
import type { Workspace } from "./inventory.ts";
import { indexerQueue, queues } from "./inventory.ts";

/** Folder of {@link etlConfigKey} in every ETL container; away from the image's own file. */
export const etlConfigFolder = "/etc/dials";
/** File name, and key of its ConfigMap. */
export const etlConfigKey = "etl.config.json";

/** The part of the ETL's config file that every process reads. */
function common(etl: EtlSettings) {
  return {
    common_chunk_size: etl.chunkRows,
    th2_chunk_size: etl.th2ChunkRows,
    common_indexer_queue: indexerQueue,
    priority_era: etl.priorityEra,
    // DQMIO's type numbers: TH1F, TH1S, TH1D and TH2F, TH2S, TH2D.
    th1_types: [3, 4, 5],
    th2_types: [6, 7, 8],
  };
}

function section(workspace: Workspace) {
  const { bulk, priority } = queues(workspace);
  return {
    name: workspace.name,
    primary_datasets: workspace.datasets.map(({ pattern, instance }) => ({
      dbs_pattern: pattern,
      dbs_instance: instance,
    })),
    me_startswith: workspace.prefixes,
    // Read when a file is sent to its queue, and by cli.py; nothing looks at them before.
    bulk_ingesting_queue: bulk,
    priority_ingesting_queue: priority,
  };
}

/** Text of etl.config.json as the ETL image (1.9 to 1.12) reads it. */
export function etlConfig(etl: EtlSettings, workspaces: readonly Workspace[]): string {
  return `${JSON.stringify({ ...common(etl), workspaces: workspaces.map(section) }, undefined, 2)}\n`;
}

/**
 * Changes when something changes that a process with these workspaces must be restarted for. A worker gets its
 * workspaces' settings with each task, so it ignores another workspace's.
 */
export function etlConfigHash(etl: EtlSettings, workspaces: readonly Workspace[]): string {
  return createHash("sha256").update(etlConfig(etl, workspaces)).digest("hex");
}
