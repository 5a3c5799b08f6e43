import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions } from "../block.ts";
import { metadata, type ObjectArgs } from "./metadata.ts";

export interface ExternalServiceArgs extends ObjectArgs {
  /** IPv4 or IPv6 address of the host. */
  readonly address: pulumi.Input<string>;
  /** Port name -> port. */
  readonly ports: Readonly<Record<string, number>>;
}

/**
 * A Service in front of a host outside the cluster. Its Endpoints are mirrored to EndpointSlices, so that every version of
 * the Prometheus operator finds the host.
 *
 * @example
 * new ExternalService("hub", { namespace, name: "hub", address, ports: { metrics: 9999 } }, { parent: this });
 */
export class ExternalService extends Block {
  constructor(name: string, args: ExternalServiceArgs, opts: BlockOptions) {
    super();
    const ports = Object.entries(args.ports).map(([name, port]) => ({ name, port, protocol: "TCP" }));
    // Without it the provider waits for pods.
    const annotations = { ...args.annotations, "pulumi.com/skipAwait": "true" };
    this.make(
      new k8s.core.v1.Service(
        `${name}-service`,
        { metadata: metadata({ ...args, annotations }), spec: { type: "ClusterIP", clusterIP: "None", ports } },
        opts,
      ),
    );
    const subsets = [{ addresses: [{ ip: args.address }], ports }];
    this.make(new k8s.core.v1.Endpoints(`${name}-endpoints`, { metadata: metadata(args), subsets }, opts));
  }
}
