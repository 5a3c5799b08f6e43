import * as k8s from "@pulumi/kubernetes";
import { Block, type BlockOptions } from "../block.ts";
import type { ObjectArgs } from "./metadata.ts";
import { metadata } from "./metadata.ts";

export interface QuotaArgs extends ObjectArgs {
  /** Resource -> most that the namespace may use, e.g. `limits.cpu: "12"`, `pods: "100"`. */
  readonly hard: Readonly<Record<string, string>>;
  /** Requests and limits of containers without any: a LimitRange of the same name. @default no LimitRange */
  readonly defaults?: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
}

/**
 * Resource quota of a namespace.
 *
 * @example
 * const hard = { pods: "20", "limits.memory": "8Gi" };
 * const defaults = { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "500m", memory: "256Mi" } };
 * new Quota("bots", { namespace, name: "bots", hard, defaults }, { parent: this });
 */
export class Quota extends Block {
  constructor(name: string, args: QuotaArgs, opts: BlockOptions) {
    super();
    this.make(
      new k8s.core.v1.ResourceQuota(`${name}-quota`, { metadata: metadata(args), spec: { hard: args.hard } }, opts),
    );
    if (args.defaults !== undefined) {
      const limits = [{ type: "Container", defaultRequest: args.defaults.requests, default: args.defaults.limits }];
      this.make(new k8s.core.v1.LimitRange(`${name}-limits`, { metadata: metadata(args), spec: { limits } }, opts));
    }
  }
}
