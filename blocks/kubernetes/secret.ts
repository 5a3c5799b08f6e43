import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Block, type BlockOptions } from "../block.ts";
import type { EnvFrom, EnvSource } from "./container.ts";
import type { ObjectArgs } from "./metadata.ts";
import { metadata } from "./metadata.ts";
import type { KeyMountOptions, Mount, RestartChecksum } from "./volume.ts";
import { mountFields, toItems } from "./volume.ts";

/** Bytes that are no text, in base64. */
interface Binary {
  readonly base64: pulumi.Input<string>;
}

export interface ServiceSecretArgs<Key extends string> extends ObjectArgs {
  /** Key -> text, or bytes. All of it is treated as secret, plain values too. */
  readonly values: { readonly [P in Key]: pulumi.Input<string> | Binary };
  /** @default "Opaque" */
  readonly type?: string;
  /** Restart pods when a value changes? @default true */
  readonly restartOnChange?: boolean;
}

/**
 * A Secret with typed keys: a misspelt key does not compile.
 *
 * @example
 * const secret = new ServiceSecret("bot", { namespace, name: "bot", values: { token } }, { parent: this });
 * const env = { TOKEN: secret.env("token") };
 * const mounts = { "/etc/bot": secret.mount({ items: { token: "token.txt" } }) };
 */
export class ServiceSecret<Key extends string> extends Block {
  readonly secretName: pulumi.Output<string>;
  private readonly physicalName: string;
  /** For pods that get the Secret in another way than by a variable or a mount; undefined if they need not restart. */
  readonly checksum: RestartChecksum | undefined;

  constructor(name: string, args: ServiceSecretArgs<Key>, opts: BlockOptions) {
    super();
    const secret = this.make(
      new k8s.core.v1.Secret(
        `${name}-secret`,
        {
          metadata: metadata(args),
          type: args.type ?? "Opaque",
          // The SDK marks all of it as secret.
          ...toData(args.values),
        },
        opts,
      ),
    );
    this.secretName = secret.metadata.name;
    this.physicalName = args.name;
    this.checksum = args.restartOnChange === false ? undefined : this.makeChecksum(name, args, opts);
  }

  /** A variable's value. */
  env(key: Key): EnvSource {
    return { valueFrom: { secretKeyRef: { name: this.secretName, key } }, ...this.checksummed() };
  }

  /** Every key as a variable, with an optional prefix. */
  envFrom(prefix?: string): EnvFrom {
    const source = { secretRef: { name: this.secretName }, ...(prefix === undefined ? {} : { prefix }) };
    return { source, ...this.checksummed() };
  }

  /** The keys as files. */
  mount(options: KeyMountOptions<Key> = {}): Mount {
    const items = toItems(options.items);
    return {
      ...mountFields(options),
      readOnly: options.readOnly ?? true,
      source: {
        secret: {
          secretName: this.secretName,
          defaultMode: options.mode ?? 0o644,
          ...(items.length === 0 ? {} : { items }),
          ...(options.optional === undefined ? {} : { optional: options.optional }),
        },
      },
      identity: `secret/${this.physicalName} ${JSON.stringify([items, options.mode])}`,
      ...this.checksummed(),
    };
  }

  private checksummed(): { checksum?: RestartChecksum } {
    return this.checksum === undefined ? {} : { checksum: this.checksum };
  }

  /**
   * A random number that changes with the values. It reveals nothing about them, and unlike the Secret's
   * resourceVersion it is already known to change in a preview, so the preview shows which pods restart.
   */
  private makeChecksum(name: string, args: ServiceSecretArgs<Key>, opts: BlockOptions): RestartChecksum {
    const { stringData, data } = toData(args.values);
    const values = pulumi.output({ ...stringData, ...data }).apply((plain) => digest(plain));
    // Not its provider, which is the cluster's and knows no random numbers.
    const { parent, dependsOn } = opts;
    const others = { ...(parent && { parent }), ...(dependsOn !== undefined && { dependsOn }) };
    const version = this.make(
      new random.RandomId(`${name}-version`, { byteLength: 6, keepers: { values: pulumi.secret(values) } }, others),
    );
    return { name: `secret.${args.name}`, value: pulumi.unsecret(version.hex) };
  }
}

/** Text and bytes apart, as Kubernetes takes them. */
function toData(values: Readonly<Record<string, pulumi.Input<string> | Binary>>): {
  readonly stringData: Record<string, pulumi.Input<string>>;
  readonly data?: Record<string, pulumi.Input<string>>;
} {
  const stringData: Record<string, pulumi.Input<string>> = {};
  const data: Record<string, pulumi.Input<string>> = {};
  for (const [key, value] of Object.entries(values)) {
    if (isBinary(value)) data[key] = value.base64;
    else stringData[key] = value;
  }
  return { stringData, ...(Object.keys(data).length === 0 ? {} : { data }) };
}

function isBinary(value: pulumi.Input<string> | Binary): value is Binary {
  return typeof value === "object" && !pulumi.Output.isInstance(value) && "base64" in value;
}

/** A key of a Secret that someone else owns. */
export function existingSecretEnv(secretName: string, key: string, optional = false): EnvSource {
  return { valueFrom: { secretKeyRef: { name: secretName, key, ...(optional ? { optional } : {}) } } };
}

/** SHA-256 of a map, independent of the order of its keys. */
export function digest(values: Readonly<Record<string, string>>): string {
  const entries = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(entries)).digest("hex");
}
