import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../../blocks/kubernetes/cluster.ts";
import { PublicEndpoint } from "../../../blocks/kubernetes/publicEndpoint.ts";
import { ImageStream } from "../../../blocks/kubernetes/imageStream.ts";
import { Namespace } from "../../../blocks/kubernetes/namespace.ts";
import {
  dns,
  NetworkPolicy,
  pods,
  podsOnAnyPort,
  prometheus,
  router,
} from "../../../blocks/kubernetes/networkPolicy.ts";
import { existingNamespace, type NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import { PrometheusRule } from "../../../blocks/kubernetes/prometheusRule.ts";
import type { Workload } from "../../../blocks/kubernetes/workload.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import { Service } from "../../../blocks/kubernetes/service.ts";
import { allOf } from "../../../config/define.ts";
import { dgraphAlerts } from "./alerts.ts";
import { backupLabels, DgraphBackup } from "./backup.ts";
import type { DgraphContext } from "./context.ts";
import type { ThothSecrets } from "../config.ts";
import type { DgraphSettings } from "./settings.ts";
import { DgraphCertificates } from "./certificates.ts";
import { DgraphExporters } from "./exporters.ts";
import { exportsPort } from "./exports.ts";
import { haServers, type Servers, singleServer } from "./servers.ts";
import { ratel } from "./ratel.ts";

export interface DgraphArgs {
  readonly cluster: Cluster;
  readonly settings: DgraphSettings;
  readonly secrets: ThothSecrets;
  /** The station's namespaces by name, and those whose pods query Dgraph. @default none */
  readonly station?: { readonly namespaces: ReadonlyMap<string, NamespaceRef>; readonly clients: readonly string[] };
}

/** Keys of the Secret `dgraph-tls` for clients, without the servers' key. */
const clientKeys = ["ca.crt", "client.user.crt", "client.user.key"] as const;

/** Labels of everything; every pod carries them. */
const labels = { app: "dgraph" };

/** The graph database: managers (zero), data servers (alpha), and what watches them. */
export class Dgraph extends pulumi.ComponentResource {
  /** Address of the data servers inside the cluster, for `graph-service-host`. */
  readonly graphServiceHost: string;
  /** Where it runs. */
  readonly graphNamespace: string;
  /** Secret `dgraph-tls` by namespace: its own and those of its clients. */
  readonly tlsSecrets: ReadonlyMap<string, ServiceSecret<string>>;

  constructor(name: string, args: DgraphArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:Dgraph", name, {}, opts);
    const { settings } = args;
    const namespace = this.namespace(name, args);
    const from = (version: string): { from: string } => ({ from: `docker.io/dgraph/dgraph:${version}` });
    const versions = [...new Set(["v1.0.13", "v1.0.14", "v1.0.15", settings.version])];
    new ImageStream(
      `${name}-image`,
      { namespace, name: "dgraph", tags: Object.fromEntries(versions.map((version) => [version, from(version)])) },
      { parent: this },
    );
    const certificates = this.certificates(name, args);
    const { files } = certificates;
    const secret = this.tlsSecret(`${name}-tls`, namespace, files);
    const clientFiles = Object.fromEntries(clientKeys.map((key) => [key, files[key]]));
    const clients = [...new Set([...settings.clients, ...(args.station?.clients ?? [])])].filter(
      (client) => client !== settings.namespace,
    );
    this.tlsSecrets = new Map([
      [settings.namespace, secret],
      ...clients.map((client) => {
        const there = args.station?.namespaces.get(client) ?? existingNamespace(args.cluster, client);
        return [client, this.tlsSecret(`${name}-tls-${client}`, there, clientFiles)] as const;
      }),
    ]);
    const context: DgraphContext = { namespace, settings, secret };
    const servers = (settings.mode === "ha" ? haServers : singleServer)(name, context, { parent: this });
    this.publish(name, namespace, settings, servers);
    const aggregated = settings.exporters && settings.mode === "ha";
    if (aggregated) {
      new DgraphExporters(`${name}-exporters`, { context, zero: servers.zero, alpha: servers.alpha }, { parent: this });
    }
    this.backups(name, context, args.secrets);
    if (settings.ratel) {
      ratel(`${name}-ratel`, context, { parent: this });
    }
    const published = [
      ...(settings.exposeZero ? [6080] : []),
      ...(settings.exposeAlpha ? [8080, 9080] : aggregated ? [8080] : []),
    ];
    // Programs speak gRPC; HTTP has the calls that change the schema and stop the server.
    const asking = [pods({}, [9080]), ...clients.map((client) => pods({}, [9080], client))];
    new NetworkPolicy(
      `${name}-network`,
      {
        ...{ namespace, name: "dgraph", labels, pods: labels },
        ingress: [
          podsOnAnyPort(labels),
          ...(settings.backups === undefined ? [] : [pods(backupLabels, [8080, exportsPort])]),
          ...(published.length === 0 ? [] : [router(args.cluster, ...published)]),
          ...asking,
          ...prometheus(args.cluster, 8080),
        ],
        egress: [dns(), podsOnAnyPort(labels)],
      },
      { parent: this },
    );
    new PrometheusRule(
      `${name}-alerts`,
      { namespace, name: "dgraph", labels, alerts: dgraphAlerts(context) },
      { parent: this },
    );
    this.graphNamespace = settings.namespace;
    this.graphServiceHost = `alpha-public.${settings.namespace}.svc:9080`;
    this.registerOutputs({ graphServiceHost: this.graphServiceHost });
  }

  private backups(name: string, context: DgraphContext, secrets: ThothSecrets): void {
    const login = allOf({
      password: secrets.backupsPassword,
      accessKeyId: secrets.backupsAccessKeyId,
      secretAccessKey: secrets.backupsSecretAccessKey,
    });
    const { backups: settings } = context.settings;
    if (settings === undefined || login === undefined) return;
    new DgraphBackup(`${name}-backup`, { context, settings, secrets: login }, { parent: this });
  }

  private namespace(name: string, { cluster, settings, station }: DgraphArgs): NamespaceRef {
    const { namespace, createNamespace, protect, retainOnDelete } = settings;
    const shared = station?.namespaces.get(namespace);
    if (shared !== undefined) return shared;
    const retention = { protect, retainOnDelete };
    return createNamespace
      ? new Namespace(`${name}-namespace`, { cluster, name: namespace, retention }, { parent: this })
      : existingNamespace(cluster, namespace);
  }

  private certificates(name: string, { cluster, settings, secrets }: DgraphArgs): DgraphCertificates {
    const { namespace, hosts } = settings;
    const names = [
      hosts.alphaRest ?? `alpha-rest-${namespace}.${cluster.appsDomain}`,
      hosts.alphaGrpc ?? `alpha-grpc-${namespace}.${cluster.appsDomain}`,
      `alpha-public.${namespace}.svc`,
      `alpha-public.${namespace}.svc.cluster.local`,
      `*.${settings.mode === "ha" ? "alpha" : "dgraph"}.${namespace}.svc.cluster.local`,
      "localhost",
    ];
    return new DgraphCertificates(`${name}-certificates`, { settings, secrets, names }, { parent: this });
  }

  private tlsSecret(
    name: string,
    namespace: NamespaceRef,
    values: Record<string, pulumi.Output<string>>,
  ): ServiceSecret<string> {
    return new ServiceSecret(name, { namespace, name: "dgraph-tls", labels, values }, { parent: this });
  }

  /** Services inside the cluster, Routes outside. */
  private publish(
    name: string,
    namespace: NamespaceRef,
    { hosts, exposeAlpha, exposeZero }: DgraphSettings,
    { zero, alpha }: Servers,
  ): void {
    const component = (one: string): Record<string, string> => ({ ...labels, component: one });
    const service = (one: string, of: Workload, ports: Record<string, { port: number }>): Service =>
      new Service(
        `${name}-${one}-public`,
        { namespace, name: `${one}-public`, labels: component(one), of, ports },
        { parent: this },
      );
    const zeroPorts = { "zero-grpc": { port: 5080 }, "zero-rest": { port: 6080 } };
    const zeros = service("zero", zero, zeroPorts);
    const alphas = service("alpha", alpha, { "alpha-rest": { port: 8080 }, "alpha-grpc": { port: 9080 } });
    const expose = (port: string, of: Service, host: string | undefined, passthrough: boolean): void => {
      const [one = ""] = port.split("-");
      const object = { namespace, name: port, labels: component(one), service: of, port };
      const tls = passthrough ? { tls: { termination: "passthrough" as const } } : {};
      new PublicEndpoint(
        `${name}-${port}`,
        { ...object, ...tls, ...(host === undefined ? {} : { host }) },
        { parent: this },
      );
    };
    if (exposeAlpha) {
      expose("alpha-rest", alphas, hosts.alphaRest, true);
      expose("alpha-grpc", alphas, hosts.alphaGrpc, true);
    }
    if (exposeZero) {
      expose("zero-rest", zeros, hosts.zeroRest, false);
    }
  }
}
