import * as pulumi from "@pulumi/pulumi";
import { backupJob as makeBackupJob, type BackupSecrets } from "../../blocks/backupJob.ts";
import type { BackupSettings } from "../../config/backups.ts";
import { databasePods, imageOf, type PackitContext, supportLabels } from "./context.ts";
import { dumpScript } from "./databaseDump.ts";
import { backupJob } from "./names.ts";

export interface DatabaseBackupArgs {
  readonly context: PackitContext;
  readonly settings: BackupSettings;
  readonly secrets: BackupSecrets;
}

/** Dumps the database on a schedule, and saves the dump with restic: encrypted, checked, old ones removed. */
export class DatabaseBackup extends pulumi.ComponentResource {
  constructor(name: string, args: DatabaseBackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:DatabaseBackup", name, {}, opts);
    const { context, settings, secrets } = args;
    const { namespace, service } = context;
    const { postgres, suspendCronJobs } = context.settings;
    makeBackupJob(
      name,
      {
        ...{ namespace, settings, secrets, host: service, name: backupJob, labels: supportLabels(backupJob) },
        suspend: suspendCronJobs,
        // The user of PostgreSQL's images.
        runAs: { user: 26, group: 0, fsGroup: 26 },
        restic: imageOf(context, "restic"),
        writers: [
          {
            name: "dump",
            ...imageOf(context, `postgres${postgres.version}`),
            command: ["bash", "-c", dumpScript],
            env: context.secrets.databaseClient(),
            resources: { cpu: ["100m", "1"], memory: ["64Mi", "256Mi"] },
          },
        ],
        size: postgres.size,
        egress: databasePods(context),
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
