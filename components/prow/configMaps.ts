import * as pulumi from "@pulumi/pulumi";
import { ConfigMap } from "../../blocks/kubernetes/configMap.ts";
import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import type { Mount } from "../../blocks/kubernetes/volume.ts";
import { configMaps } from "./files/index.ts";
import type { ConfigMapKey } from "./files/inputs.ts";
import type { ProwSettings } from "./settings.ts";
import { configInputs } from "./configInputs.ts";

export interface ConfigMapsArgs {
  readonly settings: ProwSettings;
  readonly namespace: NamespaceRef;
  readonly jobs: NamespaceRef;
}

/** Prow's own configuration; its programs reload changed files, so pods need no restart. */
export class ConfigMaps extends pulumi.ComponentResource {
  private readonly byKey: ReadonlyMap<ConfigMapKey, ConfigMap<string>>;

  constructor(name: string, args: ConfigMapsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:ConfigMaps", name, {}, opts);
    const namespace = configInputs(args.settings);
    this.byKey = new Map(
      configMaps(namespace).map(({ key, in: where, data, binaryData, owner }) => [
        key,
        new ConfigMap(
          `${name}-${key}`,
          {
            namespace: where === "prow" ? args.namespace : args.jobs,
            name: namespace.configMapName(key),
            data,
            ...(binaryData === undefined ? {} : { binaryData }),
            // These two are read once, at the start.
            restartOnChange: key === "mirror-config" || key === "pushgateway-proxy-config",
            ownedByCluster: owner === "updater",
          },
          { parent: this },
        ),
      ]),
    );
    this.registerOutputs({});
  }

  /** All keys of one of them as files. @throws if the configuration has no such file */
  mount(key: ConfigMapKey): Mount {
    const found = this.byKey.get(key);
    if (found === undefined) throw new Error(`the configuration has no ConfigMap "${key}"`);
    return found.mount({ volume: key });
  }
}
