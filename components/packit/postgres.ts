import * as pulumi from "@pulumi/pulumi";
import { PersistentVolumeClaim } from "../../blocks/kubernetes/persistentVolumeClaim.ts";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { exec } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { scratch } from "../../blocks/kubernetes/volume.ts";
import { accessModes, podsOf, type PackitContext, imageOf, retention, supportLabels, storageClass } from "./context.ts";
import { expectedWorkloads } from "./inventory.ts";
import { backupJob } from "./names.ts";

type Version = PackitContext["settings"]["postgres"]["version"];

const port = 5432;

/** PostgreSQL: each major version has its own volume; Service postgres points at the current one. */
export class Postgres extends pulumi.ComponentResource {
  constructor(name: string, context: PackitContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Postgres", name, {}, opts);
    const { namespace, settings } = context;
    const { version, beside } = settings.postgres;
    const current = this.server(name, version, context);
    for (const other of beside) this.server(name, other, context);
    new Service(
      name,
      {
        namespace,
        name: "postgres",
        labels: { service: "postgres" },
        of: { selector: { service: current.name } },
        ports: { "postgres-port": { port } },
      },
      { parent: this },
    );
    const clients = expectedWorkloads(settings)
      .filter(({ writes }) => writes)
      .map((one) => one.name)
      .concat(settings.backups === undefined ? [] : [backupJob]);
    for (const one of [version, ...beside]) {
      const pods = { service: `postgres-${one}` };
      new NetworkPolicy(
        `${name}-${one}`,
        { namespace, name: `postgres-${one}`, pods, ingress: podsOf(clients, port) },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }

  /** The version is part of every name, so that an upgrade never touches the old data. */
  private server(name: string, version: Version, context: PackitContext): Deployment {
    const { namespace, settings, secrets } = context;
    const versioned = `postgres-${version}`;
    const claim = new PersistentVolumeClaim(
      `${name}-${version}`,
      {
        namespace,
        name: versioned,
        size: settings.postgres.size,
        ...accessModes(settings.postgres),
        ...storageClass(settings),
        retention: retention(settings),
      },
      { parent: this },
    );
    const check = "/usr/libexec/check-container";
    return new Deployment(
      `${name}-${version}`,
      {
        namespace,
        name: versioned,
        labels: supportLabels(versioned),
        strategy: "Recreate",
        whilePaused: true,
        // The user that the image makes for PostgreSQL.
        runAs: { user: 26, group: 0, fsGroup: 26 },
        containers: [
          {
            name: "postgres",
            ...imageOf(context, `postgres${version}`),
            env: secrets.databaseServer(),
            ports: { postgres: port },
            mounts: {
              "/var/lib/pgsql/data": claim.mount(),
              // Docker's 64 MiB are too little for parallel queries; what is used counts as the container's memory.
              "/dev/shm": scratch({ volume: "shm", memory: true, size: "128Mi" }),
            },
            resources: { cpu: ["100m", "2"], memory: settings.postgres.memory },
            exceptions: {
              "writable-root": "the image writes passwd and its configuration below /var/lib/pgsql at start",
            },
            probes: {
              liveness: exec([check, "--live"], { delay: 120, period: 10, timeout: 10, failures: 3 }),
              // A busy server needs longer than the second that the runbook gave it; without endpoints nobody reaches it.
              readiness: exec([check], { period: 5, timeout: 10, failures: 6 }),
            },
          },
        ],
      },
      { parent: this },
    );
  }
}
