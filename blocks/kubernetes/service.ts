import * as k8s from "@pulumi/kubernetes";
import { Block, type BlockOptions } from "../block.ts";
import type { ObjectArgs, NamespaceRef } from "./metadata.ts";
import { metadata, dropUndefined } from "./metadata.ts";
import type { Workload } from "./workload.ts";

/** One port of a {@link Service}. */
export interface ServicePort {
  readonly port: number;
  /** Container port, by number or name. @default `port` */
  readonly target?: number | string;
  readonly protocol?: "UDP" | "SCTP";
}

export interface ServiceArgs extends ObjectArgs {
  /** Selected pods: a workload of this program, or labels. */
  readonly of: Workload | { readonly selector: Readonly<Record<string, string>> };
  /** Port name -> port. @throws if the workload declares no such container port */
  readonly ports: Readonly<Record<string, ServicePort>>;
  /** No address of its own: names every pod, for StatefulSets. @default false */
  readonly headless?: boolean;
  /** @default "ClusterIP" */
  readonly type?: "ClusterIP" | "LoadBalancer" | "NodePort";
  readonly publishNotReady?: boolean;
}

/**
 * A stable name and address in front of pods.
 *
 * @example
 * const ports = { http: { port: 80, target: 8080 } };
 * const service = new Service("web", { namespace, name: "web", of: deployment, ports }, { parent: this });
 * const url = service.url("http");
 */
export class Service extends Block {
  readonly namespace: NamespaceRef;
  /** Physical name. Known in advance, so resources that only name the Service do not wait for its pods. */
  readonly name: string;
  /** Name inside the cluster, `<service>.<namespace>.svc`. */
  readonly host: string;
  readonly ports: Readonly<Record<string, ServicePort>>;

  constructor(name: string, args: ServiceArgs, opts: BlockOptions) {
    checkTargets(args);
    super();
    this.make(
      new k8s.core.v1.Service(
        `${name}-service`,
        {
          metadata: metadata({ ...args, annotations: { ...args.annotations, ...unawaited(args) } }),
          spec: dropUndefined<k8s.types.input.core.v1.ServiceSpec>({
            type: args.type ?? "ClusterIP",
            clusterIP: args.headless === true ? "None" : undefined,
            publishNotReadyAddresses: args.publishNotReady,
            selector: args.of.selector,
            ports: Object.entries(args.ports).map(([port, { port: number, target, protocol }]) => ({
              name: port,
              port: number,
              targetPort: target ?? number,
              protocol: protocol ?? "TCP",
            })),
          }),
        },
        opts,
      ),
    );
    this.namespace = args.namespace;
    this.name = args.name;
    this.host = `${args.name}.${args.namespace.plainName}.svc`;
    this.ports = args.ports;
  }

  /** Address of one port inside the cluster, e.g. `http://sesheta-webhooks.aicoe-prod-bots.svc:8080`. */
  url(port: string, scheme = "http"): string {
    const found = this.ports[port];
    if (found === undefined) {
      throw new Error(`Service "${this.name}" has no port "${port}"; it has ${Object.keys(this.ports).join(", ")}`);
    }
    return `${scheme}://${this.host}:${found.port}`;
  }
}

/** The workload waits for its pods; the provider would wait another 10 s for each Service's endpoints. */
function unawaited({ type }: ServiceArgs): Readonly<Record<string, string>> {
  return type === "LoadBalancer" ? {} : { "pulumi.com/skipAwait": "true" };
}

function checkTargets({ name, of, ports }: ServiceArgs): void {
  if (!("ports" in of) || Object.keys(of.ports).length === 0) {
    return;
  }
  const known = new Set<number | string>([...Object.keys(of.ports), ...Object.values(of.ports)]);
  for (const [port, { port: number, target }] of Object.entries(ports)) {
    if (!known.has(target ?? number)) {
      throw new Error(
        `[ports.${port}] of Service "${name}": workload "${of.name}" declares no port ${target ?? number}`,
      );
    }
  }
}
