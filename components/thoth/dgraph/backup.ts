import * as pulumi from "@pulumi/pulumi";
import { backupJob, type BackupSecrets } from "../../../blocks/backupJob.ts";
import { pods } from "../../../blocks/kubernetes/networkPolicy.ts";
import type { BackupSettings } from "../../../config/backups.ts";
import { images } from "../images.ts";
import type { DgraphContext } from "./context.ts";
import { askScript, clearScript, collectScript, exportsPort } from "./exports.ts";
import { replicas, tlsFolder } from "./flags.ts";
import { imageOf } from "./servers.ts";

export interface DgraphBackupArgs {
  readonly context: DgraphContext;
  readonly settings: BackupSettings;
  readonly secrets: BackupSecrets;
}

/** Name of the CronJob and its objects. */
const object = "dgraph-backup";

/** Labels of its pods, which are no servers. */
export const backupLabels = { app: object };

const clientFiles = { "ca.crt": "ca.crt", "client.user.crt": "client.user.crt", "client.user.key": "client.user.key" };

/** Exports the graph on a schedule, and saves the export with restic: encrypted, checked, old ones removed. */
export class DgraphBackup extends pulumi.ComponentResource {
  constructor(name: string, args: DgraphBackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:DgraphBackup", name, {}, opts);
    const { context, settings, secrets } = args;
    const { namespace, secret, settings: dgraph } = context;
    const domain = `${namespace.plainName}.svc.cluster.local`;
    const [set, count] = dgraph.mode === "ha" ? ["alpha", dgraph.alphas] : ["dgraph", 1];
    const alphas = Array.from({ length: count }, (_, ordinal) => `${set}-${ordinal}.${set}.${domain}`).join(" ");
    const mounts = { [tlsFolder]: secret.mount({ items: clientFiles }) };
    const rclone = {
      image: images.rclone,
      mounts,
      resources: { cpu: ["50m", "1"], memory: ["64Mi", "256Mi"] },
    } as const;
    const rcloneEnv = {
      ALPHAS: alphas,
      RCLONE_CONFIG: "/tmp/rclone.conf",
      RCLONE_CA_CERT: `${tlsFolder}/ca.crt`,
      RCLONE_CLIENT_CERT: `${tlsFolder}/client.user.crt`,
      RCLONE_CLIENT_KEY: `${tlsFolder}/client.user.key`,
    };
    backupJob(
      name,
      {
        ...{ namespace, settings, secrets, host: "thoth", name: object, labels: backupLabels },
        runAs: { user: 10001, group: 10001, fsGroup: 10001 },
        restic: { image: images.restic },
        writers: [
          { ...rclone, name: "clear", command: ["sh", "-ec", clearScript], env: rcloneEnv },
          {
            name: "export",
            image: imageOf(dgraph),
            command: ["bash", "-c", askScript],
            env: { ALPHA: `https://alpha-public.${domain}:8080` },
            mounts,
            resources: { cpu: ["10m", "500m"], memory: ["16Mi", "64Mi"] },
          },
          {
            ...rclone,
            name: "collect",
            command: ["sh", "-ec", collectScript],
            env: { ...rcloneEnv, GROUPS_EXPECTED: String(Math.ceil(count / replicas)), SERVER: dgraph.version },
          },
        ],
        size: dgraph.storageSize,
        egress: [pods({ app: "dgraph" }, [8080, exportsPort])],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
