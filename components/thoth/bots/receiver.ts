import * as pulumi from "@pulumi/pulumi";
import type { ServingContainerArgs } from "../../../blocks/kubernetes/container.ts";
import { Deployment } from "../../../blocks/kubernetes/deployment.ts";
import { PublicEndpoint } from "../../../blocks/kubernetes/publicEndpoint.ts";
import { anywhere, dns, NetworkPolicy, pods, router } from "../../../blocks/kubernetes/networkPolicy.ts";
import type { ObjectArgs } from "../../../blocks/kubernetes/metadata.ts";
import { Service } from "../../../blocks/kubernetes/service.ts";
import { s2iFolder } from "./s2iFolder.ts";

/** Arguments of {@link Receiver}; `name` is that of its Deployment, Service and Route. */
export interface ReceiverArgs extends ObjectArgs {
  readonly labels: Readonly<Record<string, string>>;
  /** Built from source; its port 8080 and the folder of its start script are added. */
  readonly container: Omit<ServingContainerArgs, "ports">;
  readonly revisionHistory?: number;
  /** TCP ports that it may call anywhere. @default [443] */
  readonly calls?: readonly number[];
  /** Namespace of tunnels that may call it besides the router. @default none */
  readonly tunnels?: string | undefined;
}

/** A bot that takes webhooks on port 8080, behind a Service and a public name. */
export class Receiver extends pulumi.ComponentResource {
  readonly service: Service;
  /** Public address without a path. */
  readonly url: string;

  constructor(name: string, args: ReceiverArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:Receiver", name, {}, opts);
    const { namespace, labels, container } = args;
    const folder = s2iFolder(container);
    const object = { namespace, name: args.name, labels };
    // The label that DeploymentConfigs put on their pods; legacy Services select by it.
    const podLabels = { deploymentconfig: args.name };
    const selector = { ...labels, ...podLabels };

    const deployment = new Deployment(
      `${name}-app`,
      {
        ...object,
        selector,
        podLabels,
        ...(args.revisionHistory === undefined ? {} : { revisionHistory: args.revisionHistory }),
        initContainers: [folder.initContainer],
        containers: [
          {
            ...container,
            mounts: { "/opt/app-root/etc": folder.mount, ...container.mounts },
            ports: { "8080-tcp": 8080 },
          },
        ],
      },
      { parent: this },
    );
    this.service = new Service(
      `${name}-service`,
      { ...object, of: deployment, ports: { "8080-tcp": { port: 8080 } } },
      { parent: this },
    );
    const exposure = new PublicEndpoint(
      `${name}-exposure`,
      { ...object, service: this.service, port: "8080-tcp" },
      { parent: this },
    );
    const tunnels = args.tunnels === undefined ? [] : [pods({ app: "ultrahook" }, [8080], args.tunnels)];
    new NetworkPolicy(
      `${name}-network`,
      {
        ...object,
        pods: selector,
        ingress: [router(namespace.cluster, 8080), ...tunnels],
        egress: [dns(), anywhere(...(args.calls ?? [443]))],
      },
      { parent: this },
    );
    this.url = exposure.url;
    this.registerOutputs({ url: this.url });
  }
}
