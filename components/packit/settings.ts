import { z } from "zod";
import { images, type ImageName } from "./images.ts";
import { backupSettings } from "../../config/backups.ts";
import { accessMode, flowerUser, namespaceName, quantity, schedule } from "../../config/fields.ts";
import { baseUrl, image, namespace, postgresVersions, replicas } from "./fields.ts";
import { componentNames, type ComponentName, type ServiceName, serviceDefaults, workFolder } from "./names.ts";

/** Settings of one of the two services. */
export function settingsOf(service: ServiceName) {
  const defaults = serviceDefaults[service];
  const parts = Object.fromEntries(
    componentNames.map((name) => [name, z.boolean().default(defaults.parts.includes(name))]),
  ) as Record<ComponentName, z.ZodDefault<z.ZodBoolean>>;
  return z.strictObject({
    cluster: z.string().describe("Which of `clusters:settings` runs it."),
    deployment: z.enum(["dev", "stg", "prod"]).describe("Tag of the images and value of DEPLOYMENT."),
    namespace: namespace.describe("Project of the service."),
    hosts: z
      .strictObject({
        service: z.hostname().optional().describe("API; must be server_name of packit-service.yaml."),
        dashboard: z.hostname().optional().describe("dashboard.packit.dev, for staging dashboard.stg.packit.dev."),
        metrics: z.hostname().optional().describe("Where Prometheus reads /metrics."),
      })
      .default({})
      .describe("Public names; the cluster's router generates those left out."),
    parts: z.strictObject(parts).prefault({}).describe("Components that run."),
    workers: z
      .strictObject({
        allTasks: replicas.default(1).describe("Pods of packit-worker, which takes every queue."),
        shortRunning: replicas.default(0).describe("Pods of packit-worker-short-running."),
        longRunning: replicas.default(0).describe("Pods of packit-worker-long-running."),
        shortRunningConcurrency: z
          .int()
          .min(1)
          .max(64)
          .default(16)
          .describe("Tasks at a time of a pod of packit-worker-short-running; the others take one."),
        scratch: quantity.default("3Gi").describe(`Volume packit-worker-vol of each worker, at ${workFolder}.`),
      })
      .prefault({}),
    web: z
      .strictObject({
        memory: quantity
          .default("512Mi")
          .describe(
            "Limit of the web service; its start script runs the migrations once more, so not less than 512Mi.",
          ),
        migrationMemory: quantity.default("512Mi").describe("Limit of the database migrations before it starts."),
      })
      .prefault({}),
    celery: z
      .strictObject({
        app: z.string().min(1).default(defaults.celeryApp).describe("Module of the tasks; variable APP."),
        retryLimit: z.int().min(0).default(2),
        retryBackoff: z.int().min(0).default(3).describe("Seconds; doubled at each retry."),
      })
      .prefault({}),
    distgit: z
      .strictObject({
        url: baseUrl.default(defaults.distgitUrl),
        namespace: z.string().min(1).default(defaults.distgitNamespace),
      })
      .prefault({}),
    repositoryCache: z
      .strictObject({ enabled: z.boolean().default(defaults.builds), size: quantity.default("16Gi") })
      .prefault({})
      .describe("A volume for each worker that runs long tasks, and one for its sandboxes."),
    sandbox: z
      .strictObject({
        enabled: z.boolean().default(defaults.builds),
        namespace: namespaceName.optional().describe("`<service>-<deployment>-sandbox` by default."),
        role: z
          .enum(["least", "edit"])
          .default("least")
          .describe(
            "Permissions of the workers there: exactly what sandcastle calls, or the ClusterRole edit as before.",
          ),
        volumesPerWorker: z
          .int()
          .min(1)
          .max(100)
          .default(10)
          .describe("Temporary volumes of 3Gi per worker, leftover ones included; determines the quota."),
        deniedRanges: z
          .array(z.cidrv4("expected a range such as 10.0.0.0/8"))
          .default(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"])
          .describe("Networks that commands of strangers must not reach."),
        cleanup: schedule.default("0 * * * *").describe("When leftover pods and volumes are deleted."),
      })
      .prefault({}),
    databaseBackups: z
      .boolean()
      .default(false)
      .describe("Beat's nightly dump into the S3 bucket arr-packit-<deployment>; needs the AWS keys."),
    backups: backupSettings
      .optional()
      .describe("Encrypted backups of PostgreSQL by restic; absent: none. See docs/backups.md."),
    keyValue: z
      .strictObject({
        kind: z.enum(["redis", "redict", "valkey"]).default("redis").describe("Name of Deployment and Service, too."),
        memory: quantity
          .default("256Mi")
          .describe("Limit of the pod; what the process itself needs is kept from the data."),
        size: quantity.default("1Gi").describe("Volume; may grow, never shrink."),
        accessMode,
      })
      .prefault({}),
    postgres: z
      .strictObject({
        version: z.enum(postgresVersions).default("12").describe("Major version that Service postgres points at."),
        beside: z
          .array(z.enum(postgresVersions))
          .default([])
          .describe("Further versions, each with its own volume, during and after an upgrade."),
        memory: quantity.default("386Mi"),
        size: quantity.default("1Gi").describe("Volume of each version; may grow, never shrink."),
        accessMode,
        user: z
          .string()
          .regex(/^[a-z_]\w*$/, "expected a PostgreSQL role")
          .default("packit"),
        database: z
          .string()
          .regex(/^[a-z_]\w*$/, "expected the name of a database")
          .default("packit"),
        passwordRound: z
          .int()
          .min(1)
          .default(1)
          .describe("A new number generates new passwords and restarts their users."),
      })
      .prefault({}),
    storageClass: z.string().min(1).optional().describe("Of all volumes; the cluster's default by default."),
    images: z
      .strictObject(
        Object.fromEntries((Object.keys(images) as ImageName[]).map((name) => [name, image.optional()])) as Record<
          ImageName,
          z.ZodOptional<typeof image>
        >,
      )
      .default({})
      .describe("Changes of components/packit/images.ts, e.g. the digest to go back to."),
    imports: z
      .strictObject({
        schedule: schedule.optional().describe("When CronJob import-images asks the registry; absent: by hand only."),
        scheduled: z
          .boolean()
          .default(false)
          .describe("Let OpenShift import on its own schedule; OpenShift Online never does."),
      })
      .prefault({})
      .describe("OpenShift: how new images come in."),
    validation: z
      .strictObject({
        cluster: z.string(),
        namespace,
        schedule: schedule.default("0 4 * * *"),
      })
      .optional()
      .describe("Nightly test of the running service, from another cluster."),
    generate: z
      .strictObject({
        tls: z.boolean().default(false).describe("A self-signed certificate for localhost and the hosts."),
        sshKey: z.boolean().default(false),
        githubAppKey: z.boolean().default(false),
        centosCertificate: z.boolean().default(false).describe("Good enough to start, not to log in."),
      })
      .prefault({})
      .describe("Development: certificates and keys that the program generates."),
    githubAppId: z
      .int()
      .min(1)
      .optional()
      .describe("The GitHub App; its key is mounted in web service, workers and tokman."),
    flowerUser: flowerUser.default("packit").describe("Who logs in to Flower; the password is generated."),
    sentry: z.boolean().default(true).describe("Report errors; off: the DSN is empty."),
    suspendCronJobs: z.boolean().default(false),
    disposable: z
      .boolean()
      .default(false)
      .describe("Volumes and namespaces may be deleted without removing a protection first."),
    retainOnDelete: z.boolean().default(false).describe("Leave volumes in the cluster when they leave the program."),
  });
}

export type PackitSettings = z.infer<ReturnType<typeof settingsOf>>;
