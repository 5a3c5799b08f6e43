import * as pulumi from "@pulumi/pulumi";
import type { ContainerArgs } from "../../../blocks/kubernetes/container.ts";
import { Deployment } from "../../../blocks/kubernetes/deployment.ts";
import { PublicEndpoint } from "../../../blocks/kubernetes/publicEndpoint.ts";
import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import { http, type Probe, soon } from "../../../blocks/kubernetes/probe.ts";
import type { Resources } from "../../../blocks/kubernetes/resources.ts";
import { Service } from "../../../blocks/kubernetes/service.ts";
import type { ServiceAccount } from "../../../blocks/kubernetes/serviceAccount.ts";

export interface ApiArgs {
  readonly namespace: NamespaceRef;
  /** Of the Deployment, the Service and the Route. */
  readonly name: string;
  readonly image: Pick<ContainerArgs, "image" | "exceptions">;
  /** @default the name */
  readonly containerName?: string;
  readonly env: NonNullable<ContainerArgs["env"]>;
  readonly mounts?: NonNullable<ContainerArgs["mounts"]>;
  readonly resources: Resources;
  readonly serviceAccount?: ServiceAccount;
  /** Asked for readiness. @default /readiness */
  readonly readyPath?: string;
  /** @default a question for /liveness */
  readonly liveness?: Probe;
  /** Is there a public name? @default true */
  readonly published?: boolean;
  readonly initContainers?: readonly ContainerArgs[];
}

/** One of the station's interfaces: pods that answer on 8080, a Service on 80 and mostly a Route. */
export class Api extends pulumi.ComponentResource {
  readonly deployment: Deployment;
  /** Public address; undefined where there is none. */
  readonly url: string | undefined;

  constructor(name: string, args: ApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:StationApi", name, {}, opts);
    const labels = { app: "thoth", component: args.name };
    const object = { namespace: args.namespace, name: args.name, labels };
    this.deployment = new Deployment(
      `${name}-app`,
      {
        ...object,
        ...(args.serviceAccount === undefined ? {} : { serviceAccount: args.serviceAccount }),
        ...(args.initContainers === undefined ? {} : { initContainers: args.initContainers }),
        containers: [
          {
            name: args.containerName ?? args.name,
            ...args.image,
            env: args.env,
            ...(args.mounts === undefined ? {} : { mounts: args.mounts }),
            ports: { http: 8080 },
            resources: args.resources,
            probes: {
              readiness: http(args.readyPath ?? "/readiness", 8080, { ...soon, timeout: 10 }),
              liveness: args.liveness ?? http("/liveness", 8080, { delay: 60, period: 60, timeout: 10 }),
            },
          },
        ],
      },
      { parent: this },
    );
    const ports = { http: { port: 80, target: 8080 } };
    const service = new Service(`${name}-service`, { ...object, of: this.deployment, ports }, { parent: this });
    this.url =
      args.published === false
        ? undefined
        : new PublicEndpoint(`${name}-exposure`, { ...object, service, port: "http" }, { parent: this }).url;
    this.registerOutputs({ url: this.url });
  }
}
