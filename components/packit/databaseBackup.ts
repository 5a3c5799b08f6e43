import * as pulumi from "@pulumi/pulumi";
import { CronJob } from "../../blocks/kubernetes/cronJob.ts";
import { dns, NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import { scratch } from "../../blocks/kubernetes/volume.ts";
import { backupScript, longestBackup, repositoryTraffic } from "../../blocks/restic.ts";
import type { BackupSettings } from "../../config/backups.ts";
import { databasePods, imageOf, type PackitContext, supportLabels } from "./context.ts";
import { dumpScript } from "./databaseDump.ts";
import { backupJob } from "./names.ts";

export interface DatabaseBackupArgs {
  readonly context: PackitContext;
  readonly settings: BackupSettings;
  /** Password of the repository, and the bucket's login. */
  readonly secrets: Readonly<Record<"password" | "accessKeyId" | "secretAccessKey", pulumi.Output<string>>>;
}

/** The folder that the dump passes through. */
const folder = "/backup";

/** Dumps the database on a schedule, and saves the dump with restic: encrypted, checked, old ones removed. */
export class DatabaseBackup extends pulumi.ComponentResource {
  constructor(name: string, args: DatabaseBackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:DatabaseBackup", name, {}, opts);
    const { context, settings, secrets } = args;
    const { namespace, service } = context;
    const { postgres, suspendCronJobs } = context.settings;
    const labels = supportLabels(backupJob);
    const login = new ServiceSecret(
      name,
      {
        namespace,
        name: backupJob,
        values: {
          password: secrets.password,
          "access-key-id": secrets.accessKeyId,
          "secret-access-key": secrets.secretAccessKey,
        },
      },
      { parent: this },
    );
    const dump = scratch({ volume: "dump", size: postgres.size });
    new CronJob(
      name,
      {
        namespace,
        name: backupJob,
        labels,
        schedule: settings.schedule,
        suspend: suspendCronJobs,
        deadlineSeconds: longestBackup,
        // The user of PostgreSQL's images.
        runAs: { user: 26, group: 0, fsGroup: 26 },
        // Two containers: restic gets a dump that is whole, or is not started.
        initContainers: [
          {
            name: "dump",
            ...imageOf(context, `postgres${postgres.version}`),
            command: ["bash", "-c", dumpScript],
            workingDir: folder,
            env: context.secrets.databaseClient(),
            mounts: { [folder]: dump },
            resources: { cpu: ["100m", "1"], memory: ["64Mi", "256Mi"] },
          },
        ],
        containers: [
          {
            name: "restic",
            ...imageOf(context, "restic"),
            command: ["sh", "-ec", backupScript(service, settings)],
            workingDir: folder,
            env: {
              RESTIC_REPOSITORY: settings.repository,
              RESTIC_PASSWORD: login.env("password"),
              AWS_ACCESS_KEY_ID: login.env("access-key-id"),
              AWS_SECRET_ACCESS_KEY: login.env("secret-access-key"),
              RESTIC_CACHE_DIR: "/tmp/cache",
            },
            mounts: { [folder]: dump },
            resources: { cpu: ["100m", "1"], memory: ["128Mi", "512Mi"] },
          },
        ],
      },
      { parent: this },
    );
    const egress = [dns(), ...databasePods(context), repositoryTraffic(settings)];
    new NetworkPolicy(name, { namespace, name: backupJob, pods: labels, egress }, { parent: this });
    this.registerOutputs({});
  }
}
