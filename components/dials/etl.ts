import * as pulumi from "@pulumi/pulumi";
import { anywhere, anywhereUdp, dns, NetworkPolicy, pods } from "../../blocks/kubernetes/networkPolicy.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import type { DialsConfig } from "./config.ts";
import { EtlEnvironment } from "./etlEnvironment.ts";
import { certificateFolder, GridCertificate } from "./gridCertificate.ts";
import { etlPods, type DialsContext } from "./context.ts";
import { Migrations } from "./migrations.ts";
import type { Passwords } from "./generated.ts";
import { Redis } from "./redis.ts";
import { Flower, Scheduler } from "./scheduler.ts";
import { storage } from "./storage.ts";
import { Worker } from "./worker.ts";
import { indexerQueue, queueWorkers } from "./inventory.ts";

export interface EtlArgs {
  readonly context: DialsContext;
  readonly secrets: DialsConfig["secrets"];
  readonly passwords: Passwords;
  readonly databaseUri: pulumi.Input<string>;
}

/** The pipeline from DQMIO files to the databases: broker, migrations, scheduler, Flower, indexer and workers. */
export class Etl extends pulumi.ComponentResource {
  /** Readers of the databases depend on it. */
  readonly migrations: Migrations;

  constructor(name: string, args: EtlArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:Etl", name, {}, opts);
    const { context, secrets, passwords } = args;
    const { namespace, settings } = context;

    const data = storage(
      `${name}-broker`,
      { context, claimName: "redis-etl-broker", claim: settings.broker, accessModes: ["ReadWriteOnce"] },
      { parent: this },
    );
    const eos = storage(
      `${name}-eos`,
      { context, claimName: "eos-storage", claim: settings.eos, accessModes: ["ReadWriteMany"] },
      { parent: this },
    );
    const broker = new Redis(
      `${name}-broker`,
      {
        context,
        name: "redis-etl-broker",
        use: { keeps: true, appendOnly: settings.broker.appendOnly, maxMemoryMiB: 768 },
        password: passwords.broker,
        data: data.mount({ volume: "redis-data" }),
        clients: etlPods,
      },
      { parent: this },
    );
    const environment = new EtlEnvironment(
      `${name}-environment`,
      { context, broker, databaseUri: args.databaseUri, flowerPassword: passwords.flower },
      { parent: this },
    );
    this.migrations = new Migrations(`${name}-migrations`, { context, environment }, { parent: this });
    const running = { parent: this, dependsOn: [broker, this.migrations] };

    // Read by CERN's webhook that injects Kerberos credentials; no container refers to it.
    const eosCredentials = new ServiceSecret(
      `${name}-eos-credentials`,
      {
        namespace,
        name: "eos-credentials",
        values: { KEYTAB_USER: settings.accounts.eos, KEYTAB_PWD: secrets.eosPassword },
      },
      { parent: this },
    );
    const onEos = { parent: this, dependsOn: [broker, this.migrations, ...eosCredentials.resources] };
    const certificate = new GridCertificate(
      `${name}-grid`,
      { context, certificate: secrets.gridCertificate, key: secrets.gridKey },
      { parent: this },
    );

    new Scheduler(`${name}-redbeat`, { context, environment }, running);
    new Flower(`${name}-flower`, { context, environment }, running);
    new Worker(
      `${name}-indexer`,
      {
        ...{ context, environment, eos, eosCredentials },
        name: indexerQueue,
        group: "common-etl",
        workspaces: "all",
        memory: ["256Mi", "2048Mi"],
        mounts: { [certificateFolder]: certificate.mount() },
      },
      onEos,
    );
    for (const worker of queueWorkers(settings.workspaces)) {
      new Worker(
        `${name}-${worker.name}`,
        { ...worker, context, environment, eos, eosCredentials, memory: ["1024Mi", "5120Mi"] },
        onEos,
      );
    }
    new NetworkPolicy(
      `${name}-etl`,
      {
        namespace,
        name: "dials-etl",
        pods: etlPods,
        // DBS on 8443; Kerberos on 88, for the EOS sidecars of CERN's webhook.
        egress: [
          dns(),
          pods({ app: "redis-etl-broker" }, [6379]),
          anywhere(settings.database.port, 8443, 88),
          anywhereUdp(88),
        ],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
