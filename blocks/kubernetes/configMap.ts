import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions } from "../block.ts";
import type { EnvFrom, EnvSource } from "./container.ts";
import type { ObjectArgs } from "./metadata.ts";
import { metadata } from "./metadata.ts";
import { digest } from "./secret.ts";
import type { KeyMountOptions, Mount, RestartChecksum } from "./volume.ts";
import { mountFields, toItems } from "./volume.ts";

export interface ConfigMapArgs<Key extends string> extends ObjectArgs {
  /** Key -> text, in clear: nothing secret. Together at most 1 MiB. */
  readonly data: { readonly [P in Key]: pulumi.Input<string> };
  /** Key -> base64, e.g. of texts that are kept gzipped. @default none */
  readonly binaryData?: Readonly<Record<string, string>>;
  /** Restart pods when the text changes? @default true */
  readonly restartOnChange?: boolean;
  /** Does something in the cluster own the data, so that the program only creates the object? @default false */
  readonly ownedByCluster?: boolean;
}

/**
 * A ConfigMap with typed keys, as files or as variables.
 *
 * @example
 * const config = new ConfigMap("web", { namespace, name: "web", data: { "app.ini": text } }, { parent: this });
 * const mounts = { "/etc/web": config.mount() };
 * const env = { SETTINGS: config.env("app.ini") };
 */
export class ConfigMap<Key extends string> extends Block {
  readonly configMapName: pulumi.Output<string>;
  private readonly physicalName: string;
  private readonly checksum: RestartChecksum | undefined;

  constructor(name: string, args: ConfigMapArgs<Key>, opts: BlockOptions) {
    super();
    const configMap = this.make(
      new k8s.core.v1.ConfigMap(
        `${name}-files`,
        {
          metadata: metadata(args),
          data: args.data,
          ...(args.binaryData === undefined ? {} : { binaryData: args.binaryData }),
        },
        { ...opts, ...(args.ownedByCluster === true ? { ignoreChanges: ["data", "binaryData"] } : {}) },
      ),
    );
    const sum = pulumi
      .output(args.data)
      .apply((plain) => digest({ ...(plain as Record<string, string>), ...args.binaryData }).slice(0, 16));
    this.configMapName = configMap.metadata.name;
    this.physicalName = args.name;
    this.checksum =
      args.restartOnChange === false || args.ownedByCluster === true
        ? undefined
        : { name: `files.${args.name}`, value: sum };
  }

  /** A variable's value. */
  env(key: Key): EnvSource {
    return { valueFrom: { configMapKeyRef: { name: this.configMapName, key } }, ...this.checksummed() };
  }

  /** Every key as a variable, with an optional prefix. */
  envFrom(prefix?: string): EnvFrom {
    const source = { configMapRef: { name: this.configMapName }, ...(prefix === undefined ? {} : { prefix }) };
    return { source, ...this.checksummed() };
  }

  /** The keys as files. */
  mount(options: KeyMountOptions<Key> = {}): Mount {
    const items = toItems(options.items);
    return {
      ...mountFields(options),
      readOnly: options.readOnly ?? true,
      source: {
        configMap: {
          name: this.configMapName,
          ...(options.mode === undefined ? {} : { defaultMode: options.mode }),
          ...(items.length === 0 ? {} : { items }),
          ...(options.optional === undefined ? {} : { optional: options.optional }),
        },
      },
      identity: `files/${this.physicalName} ${JSON.stringify([items, options.mode])}`,
      ...this.checksummed(),
    };
  }

  private checksummed(): { checksum?: RestartChecksum } {
    return this.checksum === undefined ? {} : { checksum: this.checksum };
  }
}
