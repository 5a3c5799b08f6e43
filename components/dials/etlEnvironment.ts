import * as pulumi from "@pulumi/pulumi";
import type { EnvFrom } from "../../blocks/kubernetes/container.ts";
import { ConfigMap } from "../../blocks/kubernetes/configMap.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import type { Mount, RestartChecksum } from "../../blocks/kubernetes/volume.ts";
import { etlConfig, etlConfigFolder, etlConfigHash, etlConfigKey } from "./etlConfig.ts";
import { certificateFiles, certificateFolder } from "./gridCertificate.ts";
import type { DialsContext } from "./context.ts";
import type { Redis } from "./redis.ts";
import { databases, type Workspace } from "./inventory.ts";

export interface EtlEnvironmentArgs {
  readonly context: DialsContext;
  readonly broker: Redis;
  /** Server URL without a database. */
  readonly databaseUri: pulumi.Input<string>;
  readonly flowerPassword: pulumi.Input<string>;
}

/** What the ETL image reads: two sets of variables and its config file. */
export class EtlEnvironment extends pulumi.ComponentResource {
  private readonly context: DialsContext;
  private readonly variables: ConfigMap<"ENV" | "DATABASES">;
  private readonly secrets: ServiceSecret<string>;
  private readonly file: ConfigMap<typeof etlConfigKey>;

  constructor(name: string, args: EtlEnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:EtlEnvironment", name, {}, opts);
    const { namespace, settings } = args.context;
    this.context = args.context;
    this.variables = new ConfigMap(
      `${name}-variables`,
      {
        namespace,
        name: "dials-etl-configmap",
        data: { ENV: "prod", DATABASES: databases(settings.workspaces).join(",") },
      },
      { parent: this },
    );
    this.secrets = new ServiceSecret(
      `${name}-secrets`,
      {
        namespace,
        name: "dials-etl-secrets",
        values: {
          CELERY_BROKER_URL: args.broker.url(0),
          CELERY_RESULT_BACKEND: args.broker.url(1),
          CELERY_REDBEAT_URL: args.broker.url(2),
          DATABASE_URI: args.databaseUri,
          CERT_FPATH: `${certificateFolder}/${certificateFiles.certificate}`,
          KEY_FPATH: `${certificateFolder}/${certificateFiles.key}`,
          RAW_LAYERS: settings.etl.rawLayers.join(","),
          FLOWER_BASIC_AUTH: pulumi.interpolate`${settings.etl.flowerUser}:${args.flowerPassword}`,
          ETL_CONFIG_FPATH: `${etlConfigFolder}/${etlConfigKey}`,
          MODEL_REGISTRY_PATH: settings.etl.modelRegistry,
        },
      },
      { parent: this },
    );
    this.file = new ConfigMap(
      `${name}-file`,
      { namespace, name: "dials-etl-config", data: { [etlConfigKey]: etlConfig(settings.etl, settings.workspaces) } },
      { parent: this },
    );
    this.registerOutputs({});
  }

  /** Variables of a process that knows every workspace: it restarts when any of them changes. */
  ofAll(): { readonly envFrom: readonly EnvFrom[]; readonly mounts: Readonly<Record<string, Mount>> } {
    return {
      envFrom: [this.variables.envFrom(), this.secrets.envFrom()],
      mounts: { [etlConfigFolder]: this.file.mount({ volume: "etl-config" }) },
    };
  }

  /** The same variables for a process that only works for these workspaces, so that the others' do not restart it. */
  of(workspaces: readonly Workspace[]): {
    readonly envFrom: readonly EnvFrom[];
    readonly mounts: Readonly<Record<string, Mount>>;
    readonly podAnnotations: Readonly<Record<string, string>>;
  } {
    return {
      envFrom: [withoutRestart(this.variables.envFrom()), this.secrets.envFrom()],
      mounts: { [etlConfigFolder]: withoutRestart(this.file.mount({ volume: "etl-config" })) },
      podAnnotations: { "orrery/files.dials-etl-config": etlConfigHash(this.context.settings.etl, workspaces) },
    };
  }

  /** Variables of the migrations, which need no config file. */
  ofMigrations(): { readonly envFrom: readonly EnvFrom[] } {
    return { envFrom: [this.variables.envFrom(), this.secrets.envFrom()] };
  }
}

/** The same source, whose changes restart nothing. */
function withoutRestart<T extends { readonly checksum?: RestartChecksum }>(source: T): Omit<T, "checksum"> {
  return Object.fromEntries(Object.entries(source).filter(([key]) => key !== "checksum")) as Omit<T, "checksum">;
}
