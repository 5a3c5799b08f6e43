import type * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "../../blocks/openstack/cloud.ts";
import type { AccountKey } from "../../blocks/openstack/guest/description.ts";
import type { SshKey } from "./sshKeys.ts";

/** What every component of one environment builds on. */
export interface CallystoContext {
  readonly cloud: Cloud;
  /** Path of the environment's settings, for errors of look-ups. */
  readonly path: string;
  /** Both halves of the key that configures the guests. */
  readonly deployKey: { readonly public: string; readonly private: pulumi.Output<string> };
  /** Keys that may configure the guests, those that may no longer, and the operators' keys, as they are on a guest. */
  readonly accountKeys: readonly AccountKey[];
  /** Keypair of another environment, for `keypair.mode: shared`. */
  readonly sharedKeypair: pulumi.Input<string> | undefined;
  /** Zone of the host's records; undefined where DNS is run elsewhere. */
  readonly zoneId: pulumi.Input<string> | undefined;
  /** The operators' keys, merged. */
  readonly keys: Readonly<Record<string, SshKey>>;
  /** Public host keys of the stack's hubs, by their full names; known once all of them are declared. */
  readonly hubKeys: pulumi.Output<Readonly<Record<string, string>>>;
  /** Resolves once the flavours are found and the project's quota is known to be sufficient. */
  readonly quotaChecked: pulumi.Output<true>;
  /** Ranges from which Prometheus calls the hubs; undefined: they serve no metrics. */
  readonly metricsFrom: readonly string[] | undefined;
  readonly retainOnDelete: boolean;
}
