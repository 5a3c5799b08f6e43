/** A CronJob that makes a backup: containers write what is to be saved into a folder, then restic saves it. */
import type * as pulumi from "@pulumi/pulumi";
import type { BackupSettings } from "../config/backups.ts";
import type { BlockOptions } from "./block.ts";
import type { ContainerArgs } from "./kubernetes/container.ts";
import { CronJob } from "./kubernetes/cronJob.ts";
import type { NamespaceRef } from "./kubernetes/metadata.ts";
import { dns, NetworkPolicy, type Traffic } from "./kubernetes/networkPolicy.ts";
import type { WorkloadArgs } from "./kubernetes/pod.ts";
import { ServiceSecret } from "./kubernetes/secret.ts";
import { scratch } from "./kubernetes/volume.ts";
import { backupScript, longestBackup, repositoryTraffic } from "./restic.ts";

/** Password of a repository, and the bucket's login. */
export type BackupSecrets = Readonly<Record<"password" | "accessKeyId" | "secretAccessKey", pulumi.Output<string>>>;

export interface BackupJobArgs extends Pick<WorkloadArgs<ContainerArgs>, "runAs"> {
  readonly namespace: NamespaceRef;
  /** Name of all of its objects. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Name of the data set among the repository's snapshots. */
  readonly host: string;
  readonly settings: BackupSettings;
  readonly secrets: BackupSecrets;
  /** restic's image. */
  readonly restic: Pick<ContainerArgs, "image" | "exceptions" | "pullPolicy">;
  /** Write into their working folder, one after the other: restic gets what is whole, or is not started. */
  readonly writers: readonly Omit<ContainerArgs, "workingDir">[];
  /** Most that they may write, e.g. `5Gi`. */
  readonly size: string;
  /** What the writers call. */
  readonly egress: readonly Traffic[];
  /** @default false */
  readonly suspend?: boolean;
}

/** The folder that everything passes through. */
const folder = "/backup";

/** Makes the CronJob, its Secret and its NetworkPolicy. */
export function backupJob(name: string, args: BackupJobArgs, opts: BlockOptions): void {
  const { namespace, name: object, labels, settings, secrets } = args;
  const login = new ServiceSecret(
    name,
    {
      namespace,
      name: object,
      values: {
        password: secrets.password,
        "access-key-id": secrets.accessKeyId,
        "secret-access-key": secrets.secretAccessKey,
      },
    },
    opts,
  );
  const dump = scratch({ volume: "dump", size: args.size });
  new CronJob(
    name,
    {
      namespace,
      name: object,
      labels,
      schedule: settings.schedule,
      ...(args.suspend === undefined ? {} : { suspend: args.suspend }),
      deadlineSeconds: longestBackup,
      // When `backups` calls it late.
      alertAfterRuns: 1,
      ...(args.runAs === undefined ? {} : { runAs: args.runAs }),
      initContainers: args.writers.map((writer) => ({
        ...writer,
        workingDir: folder,
        mounts: { ...writer.mounts, [folder]: dump },
      })),
      containers: [
        {
          name: "restic",
          ...args.restic,
          command: ["sh", "-ec", backupScript(args.host, settings)],
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
    opts,
  );
  const egress = [dns(), ...args.egress, repositoryTraffic(settings)];
  new NetworkPolicy(name, { namespace, name: object, pods: labels, egress }, opts);
}
