import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../kubernetes/cluster.ts";
import { Namespace } from "../kubernetes/namespace.ts";
import { existingNamespace, type Place } from "../kubernetes/place.ts";
import { ServiceAccount } from "../kubernetes/serviceAccount.ts";
import type { PackitConfig, PackitSettings } from "./config.ts";
import { Flower, RedisCommander } from "./consoles.ts";
import { Beat, Centosmsg, Fedmsg } from "./consumers.ts";
import { Dashboard } from "./dashboard.ts";
import { Generated } from "./generated.ts";
import { appLabels, type Ground, keeping } from "./ground.ts";
import { Imports } from "./imports.ts";
import { KeyValue } from "./keyValue.ts";
import { Monitoring } from "./monitoring.ts";
import { runningFlavours, type ServiceName } from "./names.ts";
import { Postgres } from "./postgres.ts";
import { Sandbox } from "./sandbox.ts";
import { CommonSecrets } from "./secrets.ts";
import { Tokman } from "./tokman.ts";
import { Validation } from "./validation.ts";
import { Web } from "./web.ts";
import { Worker } from "./worker.ts";

/** What {@link Packit} needs. */
export interface PackitArgs {
  /** Which of the two services; it decides nothing but names and which secrets exist. */
  readonly service: ServiceName;
  readonly config: Pick<PackitConfig, "settings" | "secrets">;
  /** Looks a cluster up by the name that the settings give. */
  readonly cluster: (name: string) => Cluster;
}

/** Packit, or the CentOS Stream service: turns pull requests into packages. */
export class Packit extends pulumi.ComponentResource {
  /** Public address of the API, e.g. for webhooks. */
  readonly serviceUrl: string;
  readonly dashboardUrl: string | undefined;
  /** Where Prometheus reads the workers' metrics. */
  readonly metricsUrl: string | undefined;

  constructor(name: string, args: PackitArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Packit", name, {}, opts);
    const { service, config } = args;
    const { settings } = config;
    const { parts, validation } = settings;
    const ground: Ground = { service, settings, place: this.project(name, settings, args.cluster(settings.cluster)) };
    const { files, passwords } = new Generated(`${name}-generated`, { config }, { parent: this });
    const secrets = new CommonSecrets(
      `${name}-secrets`,
      { ground, secrets: config.secrets, files, passwords },
      { parent: this },
    );
    const part = { ground, secrets };

    const imports = new Imports(`${name}-imports`, { ground }, { parent: this });
    const account = new ServiceAccount(
      `${name}-workers`,
      {
        place: ground.place,
        name: "packit-worker",
        labels: appLabels("packit-worker"),
        mountsToken: settings.sandbox.enabled,
      },
      { parent: this },
    );
    const sandbox = settings.sandbox.enabled
      ? [new Sandbox(`${name}-sandbox`, { ground, workers: account }, { parent: this })]
      : [];
    const postgres = new Postgres(`${name}-postgres`, part, { parent: this });
    const keyValue = new KeyValue(`${name}-key-value`, { ground }, { parent: this });
    const stores = { parent: this, dependsOn: [postgres, keyValue, imports] };
    const tokman = parts.tokman ? [new Tokman(`${name}-tokman`, part, stores)] : [];

    // The database is migrated with the web service's start; whoever else uses it comes afterwards.
    const web = new Web(`${name}-web`, part, { parent: this, dependsOn: [...stores.dependsOn, ...tokman] });
    const afterWeb = { parent: this, dependsOn: [web, ...sandbox] };
    const workers = runningFlavours(settings.workers).map(
      (flavour) => new Worker(`${name}-${flavour.name}`, { ...part, flavour, account }, afterWeb),
    );
    const afterWorkers = { parent: this, dependsOn: workers };
    if (parts.beat) new Beat(`${name}-beat`, part, afterWorkers);
    if (parts.fedmsg) new Fedmsg(`${name}-fedmsg`, part, afterWorkers);
    if (parts.centosmsg) new Centosmsg(`${name}-centosmsg`, { ...part, files }, afterWorkers);

    const dashboard = parts.dashboard ? new Dashboard(`${name}-dashboard`, part, { parent: this }) : undefined;
    const monitoring = parts.pushgateway ? new Monitoring(`${name}-monitoring`, part, { parent: this }) : undefined;
    const consoles = { parent: this, dependsOn: [keyValue] };
    if (parts.flower) new Flower(`${name}-flower`, { ground, password: passwords.flower }, consoles);
    if (parts.redisCommander) {
      new RedisCommander(`${name}-redis-commander`, { ground, password: passwords.redisCommander }, consoles);
    }
    if (validation !== undefined) {
      const cluster = args.cluster(validation.cluster);
      new Validation(
        `${name}-validation`,
        { service, settings, validation, secrets: config.secrets, cluster },
        { parent: this, providers: [cluster.provider] },
      );
    }
    this.serviceUrl = web.url;
    this.dashboardUrl = dashboard?.url;
    this.metricsUrl = monitoring?.url;
    this.registerOutputs({ serviceUrl: this.serviceUrl });
  }

  /** The project; in one that was made elsewhere only the service's own pods are walled in. */
  private project(name: string, settings: PackitSettings, cluster: Cluster): Place {
    const { name: project, create } = settings.namespace;
    return create
      ? new Namespace(name, { cluster, name: project, ...keeping(settings) }, { parent: this })
      : existingNamespace(cluster, project);
  }
}
