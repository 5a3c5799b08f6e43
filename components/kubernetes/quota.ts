import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ObjectArgs } from "./place.ts";
import { metadata } from "./place.ts";

/** What a {@link Quota} needs. */
export interface QuotaArgs extends ObjectArgs {
  /** Resource -> most that the namespace may use, e.g. `limits.cpu: "12"`, `pods: "100"`. */
  readonly hard: Readonly<Record<string, string>>;
  /** What a container gets that asks for nothing: a LimitRange of the same name. @default no LimitRange */
  readonly defaults?: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
}

/** How much a namespace may use. */
export class Quota extends pulumi.ComponentResource {
  constructor(name: string, args: QuotaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:kubernetes:Quota", name, {}, opts);
    new k8s.core.v1.ResourceQuota(
      `${name}-quota`,
      { metadata: metadata(args), spec: { hard: args.hard } },
      { parent: this },
    );
    if (args.defaults !== undefined) {
      const limits = [{ type: "Container", defaultRequest: args.defaults.requests, default: args.defaults.limits }];
      new k8s.core.v1.LimitRange(`${name}-limits`, { metadata: metadata(args), spec: { limits } }, { parent: this });
    }
    this.registerOutputs({});
  }
}
