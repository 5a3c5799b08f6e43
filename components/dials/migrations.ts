import * as pulumi from "@pulumi/pulumi";
import type { ContainerArgs } from "../../blocks/kubernetes/container.ts";
import { anywhere, dns, NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { Job } from "../../blocks/kubernetes/job.ts";
import type { EtlEnvironment } from "./etlEnvironment.ts";
import { type DialsContext, labels, podLabels, selector } from "./context.ts";

export interface MigrationsArgs {
  readonly context: DialsContext;
  readonly environment: EtlEnvironment;
}

/** Creates missing databases and migrates all of them; their users depend on it. */
export class Migrations extends pulumi.ComponentResource {
  constructor(name: string, args: MigrationsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:Migrations", name, {}, opts);
    const { namespace, settings, images, account } = args.context;
    const { envFrom } = args.environment.ofMigrations();
    const step = (role: string, command: readonly string[]): ContainerArgs => ({
      name: role,
      image: images.etl,
      command,
      envFrom,
      resources: { cpu: ["100m", "1"], memory: ["256Mi", "1024Mi"] },
    });
    new NetworkPolicy(
      name,
      {
        ...{ namespace, name: "dials-db-init", pods: selector("dials-db-init") },
        egress: [dns(), anywhere(settings.database.port)],
      },
      { parent: this },
    );
    new Job(
      name,
      {
        namespace,
        name: "dials-db-init",
        labels: labels(namespace, "dials-db-init", "common-etl", "python"),
        podLabels: podLabels("dials-db-init"),
        serviceAccount: account,
        runAs: { user: 1000, fsGroup: 1000 },
        deadlineSeconds: 900,
        retries: 3,
        initContainers: [step("database-reachable", ["python3", "-c", reach])],
        containers: [step("db-init", ["alembic", "upgrade", "head"])],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** Alembic mistakes an unreachable server for a missing database, so the connection is checked first. */
const reach = `import os, sys, sqlalchemy
try:
    sqlalchemy.create_engine(os.environ["DATABASE_URI"] + "/postgres").connect().close()
except sqlalchemy.exc.OperationalError as error:
    sys.exit(f"PostgreSQL cannot be reached: {error.orig}")
`;
