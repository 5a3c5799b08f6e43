import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../../blocks/kubernetes/cluster.ts";
import { Deployment } from "../../../blocks/kubernetes/deployment.ts";
import { ImageStream } from "../../../blocks/kubernetes/imageStream.ts";
import { Namespace } from "../../../blocks/kubernetes/namespace.ts";
import { anywhere, dns, NetworkPolicy, pods } from "../../../blocks/kubernetes/networkPolicy.ts";
import { existingNamespace, type NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import type { TunnelBot, UltrahookSettings } from "./settings.ts";
import { images } from "../images.ts";
import type { Receiver } from "../bots/receiver.ts";

export interface UltrahookArgs {
  readonly cluster: Cluster;
  readonly settings: UltrahookSettings;
  /** API keys by the name of their Secret. */
  readonly apiKeys: Readonly<Record<string, pulumi.Output<string>>>;
  /** Bots that tunnels can lead to. */
  readonly receivers: Readonly<Partial<Record<TunnelBot, Receiver>>>;
}

type Tunnel = UltrahookSettings["tunnels"][string];

/** Clients of ultrahook.com: each brings the webhooks of one subdomain to a receiver that the Internet cannot reach. */
export class Ultrahook extends pulumi.ComponentResource {
  constructor(name: string, args: UltrahookArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:Ultrahook", name, {}, opts);
    const { settings } = args;
    const namespace = this.namespace(name, args);
    const image = settings.image ?? images.ultrahook;
    const stream = { namespace, name: "ultrahook", labels: { app: "ultrahook" }, tags: { latest: { from: image } } };
    new ImageStream(`${name}-image`, stream, { parent: this });
    const keys = new Map(
      settings.keys.map((key) => {
        const values = { "api.key": args.apiKeys[key] ?? "" };
        return [key, new ServiceSecret(`${name}-${key}`, { namespace, name: key, values }, { parent: this })];
      }),
    );
    for (const [subdomain, tunnel] of Object.entries(settings.tunnels)) {
      const secret = keys.get(tunnel.key);
      if (secret !== undefined) {
        this.tunnel(name, subdomain, tunnel, { ...args, namespace, image, secret });
      }
    }
    this.registerOutputs({});
  }

  /** Creates the namespace, or reuses an existing one; then only the tunnels' own pods get NetworkPolicies. */
  private namespace(name: string, { cluster, settings }: UltrahookArgs): NamespaceRef {
    return settings.createNamespace
      ? new Namespace(
          `${name}-namespace`,
          { cluster, name: settings.namespace, retention: { protect: settings.protect } },
          { parent: this },
        )
      : existingNamespace(cluster, settings.namespace);
  }

  private tunnel(
    name: string,
    subdomain: string,
    { destination }: Tunnel,
    args: UltrahookArgs & { namespace: NamespaceRef; image: string; secret: ServiceSecret<"api.key"> },
  ): void {
    const { namespace, image, secret, settings } = args;
    const instance = `ultrahook-${subdomain}`;
    const labels = { app: "ultrahook", instance };
    const object = { namespace, name: instance, labels };
    const receiver = "bot" in destination ? args.receivers[destination.bot] : undefined;
    new Deployment(
      `${name}-${subdomain}`,
      {
        ...object,
        selector: { ...labels, deploymentconfig: instance },
        podLabels: { deploymentconfig: instance },
        replicas: settings.paused ? 0 : 1,
        // ultrahook.com refuses a second client of a subdomain.
        strategy: "Recreate",
        containers: [
          {
            name: instance,
            image,
            env: {
              ULTRAHOOK_API_KEY: secret.env("api.key"),
              ULTRAHOOK_SUBDOMAIN: subdomain,
              ULTRAHOOK_DESTINATION: addressOf(destination, receiver, args.cluster),
            },
            // The start script of this image is in /tmp, and the client writes nothing.
            scratch: [],
            resources: { cpu: ["10m", "100m"], memory: "50Mi" },
            probes: { none: "a client that listens on nothing" },
          },
        ],
      },
      { parent: this },
    );
    const bot = receiver?.service;
    const inside = bot === undefined ? [] : [pods(receiverLabels, [8080], bot.namespace.plainName)];
    new NetworkPolicy(
      `${name}-${subdomain}-network`,
      {
        ...object,
        pods: labels,
        egress: [dns(), anywhere(...outsidePorts(destination, receiver, args.cluster)), ...inside],
      },
      { parent: this },
    );
  }
}

/** Any pod of the receiver's namespace; which of them takes calls says its own policy. */
const receiverLabels = {};

/** The Service inside the cluster, else the public name; never with a slash at the end. */
function addressOf(destination: Tunnel["destination"], receiver: Receiver | undefined, cluster: Cluster): string {
  if ("url" in destination || receiver === undefined) {
    return "url" in destination ? destination.url.replace(/\/+$/, "") : "";
  }
  const { service, url } = receiver;
  const base = service.namespace.cluster.name === cluster.name ? service.url("8080-tcp") : url;
  return `${base}${destination.path ?? ""}`.replace(/\/+$/, "");
}

/** ultrahook.com, which is asked by plain HTTP for the stream's address, and what a destination outside this cluster listens on. */
function outsidePorts(
  destination: Tunnel["destination"],
  receiver: Receiver | undefined,
  cluster: Cluster,
): readonly number[] {
  const inside = receiver !== undefined && receiver.service.namespace.cluster.name === cluster.name;
  const { port, protocol } = new URL(inside ? "https://ultrahook.com" : addressOf(destination, receiver, cluster));
  return [...new Set([80, 443, port === "" ? (protocol === "http:" ? 80 : 443) : Number(port)])];
}
