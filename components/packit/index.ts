import * as pulumi from "@pulumi/pulumi";
import type { Targets } from "../../blocks/targets.ts";
import type { Cluster } from "../../blocks/kubernetes/cluster.ts";
import { Namespace } from "../../blocks/kubernetes/namespace.ts";
import { existingNamespace, type NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import { PrometheusRule } from "../../blocks/kubernetes/prometheusRule.ts";
import { ServiceAccount } from "../../blocks/kubernetes/serviceAccount.ts";
import { allOf } from "../../config/define.ts";
import { packitAlerts } from "./alerts.ts";
import type { PackitConfig } from "./config.ts";
import type { PackitSettings } from "./settings.ts";
import { Flower, RedisCommander } from "./consoles.ts";
import { Beat, Centosmsg, Fedmsg } from "./consumers.ts";
import { Dashboard } from "./dashboard.ts";
import { DatabaseBackup } from "./databaseBackup.ts";
import { Generated } from "./generated.ts";
import { appLabels, type PackitContext, retention } from "./context.ts";
import { Imports } from "./imports.ts";
import { KeyValue } from "./keyValue.ts";
import { Monitoring } from "./monitoring.ts";
import { runningFlavours, type ServiceName } from "./names.ts";
import { Postgres } from "./postgres.ts";
import { Sandbox } from "./sandbox.ts";
import { CommonSecrets } from "./sharedSecrets.ts";
import { Tokman } from "./tokman.ts";
import { Validation } from "./validation.ts";
import { Web } from "./web.ts";
import { Worker } from "./worker.ts";

export interface PackitArgs {
  readonly config: Pick<PackitConfig, "settings" | "secrets">;
  readonly targets: Targets;
}

/** Packit, or the CentOS Stream service: turns pull requests into packages. */
export class Packit extends pulumi.ComponentResource {
  /** Public addresses: the API, e.g. for webhooks, the dashboard, the workers' metrics for Prometheus. */
  readonly outputs: {
    readonly serviceUrl: string;
    readonly dashboardUrl: string | undefined;
    readonly metricsUrl: string | undefined;
  };

  /** @param service which of the two services; it decides nothing but names and which secrets exist */
  constructor(service: ServiceName, args: PackitArgs, opts?: pulumi.ComponentResourceOptions) {
    const name = service;
    const { config, targets } = args;
    const { settings } = config;
    const cluster = targets.cluster(settings.cluster);
    super("orrery:packit:Packit", name, {}, { ...opts, providers: [cluster.provider] });
    const { parts, validation } = settings;
    const namespace = this.namespace(name, settings, cluster);
    const { files, passwords } = new Generated(`${name}-generated`, config, { parent: this });
    const secrets = new CommonSecrets(
      `${name}-secrets`,
      { namespace, settings, secrets: config.secrets, files, passwords },
      { parent: this },
    );
    const context: PackitContext = { service, settings, namespace, secrets };

    const imports = new Imports(`${name}-imports`, context, { parent: this });
    const account = new ServiceAccount(
      `${name}-workers`,
      {
        namespace: context.namespace,
        name: "packit-worker",
        labels: appLabels("packit-worker"),
        mountsToken: settings.sandbox.enabled,
      },
      { parent: this },
    );
    const sandbox = settings.sandbox.enabled
      ? [new Sandbox(`${name}-sandbox`, { context, workers: account }, { parent: this })]
      : [];
    const postgres = new Postgres(`${name}-postgres`, context, { parent: this });
    const backupSecrets = allOf({
      password: config.secrets.backupsPassword,
      accessKeyId: config.secrets.backupsAccessKeyId,
      secretAccessKey: config.secrets.backupsSecretAccessKey,
    });
    if (settings.backups !== undefined && backupSecrets !== undefined) {
      new DatabaseBackup(
        `${name}-database-backup`,
        { context, settings: settings.backups, secrets: backupSecrets },
        { parent: this, dependsOn: [postgres] },
      );
    }
    const keyValue = new KeyValue(`${name}-key-value`, context, { parent: this });
    const stores = { parent: this, dependsOn: [postgres, keyValue, imports] };
    const tokman = parts.tokman ? [new Tokman(`${name}-tokman`, context, stores)] : [];

    // The web service migrates the database at start, so everything else that uses it starts afterwards.
    const web = new Web(`${name}-web`, context, { parent: this, dependsOn: [...stores.dependsOn, ...tokman] });
    const afterWeb = { parent: this, dependsOn: [web, ...sandbox] };
    const workers = runningFlavours(settings.workers).map(
      (flavour) => new Worker(`${name}-${flavour.name}`, { context, flavour, account }, afterWeb),
    );
    const afterWorkers = { parent: this, dependsOn: workers };
    if (parts.beat) new Beat(`${name}-beat`, context, afterWorkers);
    if (parts.fedmsg) new Fedmsg(`${name}-fedmsg`, context, afterWorkers);
    if (parts.centosmsg && files.centos !== undefined) {
      new Centosmsg(`${name}-centosmsg`, { context, files: files.centos }, afterWorkers);
    }

    const dashboard = parts.dashboard ? new Dashboard(`${name}-dashboard`, context, { parent: this }) : undefined;
    const monitoring = parts.pushgateway ? new Monitoring(`${name}-monitoring`, context, { parent: this }) : undefined;
    const consoles = { parent: this, dependsOn: [keyValue] };
    if (parts.flower) new Flower(`${name}-flower`, { context, password: passwords.flower }, consoles);
    if (parts.redisCommander) {
      new RedisCommander(`${name}-redis-commander`, { context, password: passwords.redisCommander }, consoles);
    }
    const validationSecrets = allOf({
      githubToken: config.secrets.validationGithubToken,
      sentryDsn: config.secrets.validationSentryDsn,
    });
    if (validation !== undefined && validationSecrets !== undefined) {
      const cluster = targets.cluster(validation.cluster);
      new Validation(
        `${name}-validation`,
        { context, validation, ...validationSecrets, cluster },
        { parent: this, providers: [cluster.provider] },
      );
    }
    new PrometheusRule(name, { namespace, name: service, alerts: packitAlerts(context) }, { parent: this });
    this.outputs = { serviceUrl: web.url, dashboardUrl: dashboard?.url, metricsUrl: monitoring?.url };
    this.registerOutputs(this.outputs);
  }

  /** Creates the namespace, or reuses an existing one; then only the service's own pods get NetworkPolicies. */
  private namespace(name: string, settings: PackitSettings, cluster: Cluster): NamespaceRef {
    const { name: namespace, create } = settings.namespace;
    return create
      ? new Namespace(name, { cluster, name: namespace, retention: retention(settings) }, { parent: this })
      : existingNamespace(cluster, namespace);
  }
}
