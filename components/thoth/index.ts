import * as pulumi from "@pulumi/pulumi";
import type { Targets } from "../../blocks/targets.ts";
import type { Cluster } from "../../blocks/kubernetes/cluster.ts";
import { Bots } from "./bots/index.ts";
import { allOf } from "../../config/define.ts";
import type { ThothConfig, ThothSecrets } from "./config.ts";
import type { DgraphSettings } from "./dgraph/settings.ts";
import type { NodepoolSettings } from "./nodepool/settings.ts";
import { Dgraph } from "./dgraph/index.ts";
import { Nodepool } from "./nodepool/index.ts";
import { StationNamespaces } from "./station/namespaces.ts";
import { graphRoles } from "./station/roles.ts";
import type { StationSecrets } from "./station/sharedConfig.ts";
import type { StationSettings } from "./station/settings.ts";
import { Station } from "./station/index.ts";
import { Ultrahook } from "./ultrahook/index.ts";

export interface ThothArgs {
  readonly config: ThothConfig;
  readonly targets: Targets;
}

/** Outputs of the stack. */
export interface ThothOutputs {
  /** Public addresses of the bots that take webhooks. */
  readonly receivers: Readonly<Record<string, string>>;
  /** Address of Dgraph's data servers inside the cluster. */
  readonly graphServiceHost: string | undefined;
  /** Public addresses of the station's interfaces. */
  readonly stationUrls: Readonly<Record<string, string>> | undefined;
  /** What callers of the management interface send, secret. */
  readonly managementToken: pulumi.Output<string> | undefined;
  /** Token of the account thoth-ops, secret: the registry's password for other environments and for CI. */
  readonly opsToken: pulumi.Output<string> | undefined;
  /** `nodepool/thoth.yaml` for Zuul's configuration repository. */
  readonly nodepoolConfig: string | undefined;
  /** Kubeconfig for Zuul's hosts, secret. */
  readonly nodepoolKubeconfig: pulumi.Output<string> | undefined;
}

/** Thoth: the station, its graph database, the bots, the tunnels that bring them webhooks, and Zuul's job nodes. */
export class Thoth extends pulumi.ComponentResource {
  /** Undefined where the stack lacks the section. */
  readonly outputs: ThothOutputs;

  constructor(name: string, args: ThothArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:Thoth", name, {}, opts);
    const { settings, secrets, keyedSecrets } = args.config;
    const { targets } = args;
    const { bots, ultrahook, dgraph, station: own, nodepool } = settings;
    let receivers: Bots["receivers"] = {};
    if (bots !== undefined) {
      const cluster = targets.cluster(bots.cluster);
      const tunnels = ultrahook?.cluster === bots.cluster ? ultrahook.namespace : undefined;
      ({ receivers } = new Bots(`${name}-bots`, { cluster, settings: bots, secrets, tunnels }, this.on(cluster)));
    }
    if (ultrahook !== undefined) {
      const cluster = targets.cluster(ultrahook.cluster);
      const apiKeys = keyedSecrets.ultrahookKeys;
      new Ultrahook(`${name}-ultrahook`, { cluster, settings: ultrahook, apiKeys, receivers }, this.on(cluster));
    }
    const namespaces = own === undefined ? undefined : this.namespaces(name, targets.cluster(own.cluster), own);
    const graph =
      dgraph === undefined
        ? undefined
        : this.dgraph(name, targets.cluster(dgraph.cluster), dgraph, secrets, namespaces);
    const stationSecrets = allOf({
      cephKeyId: secrets.cephKeyId,
      cephSecretKey: secrets.cephSecretKey,
      sentryDsn: secrets.sentryDsn,
      kebechetSshKey: secrets.kebechetSshKey,
      githubToken: secrets.githubOauthToken,
    });
    const station =
      own === undefined || namespaces === undefined || graph === undefined || stationSecrets === undefined
        ? undefined
        : this.station(
            name,
            targets.cluster(own.cluster),
            own,
            { ...stationSecrets, webhookSecret: secrets.genericWebhookSecret },
            namespaces,
            graph,
          );
    const pool = nodepool === undefined ? undefined : this.nodepool(name, targets.cluster(nodepool.cluster), nodepool);
    this.outputs = {
      receivers: Object.fromEntries(Object.entries(receivers).map(([bot, { url }]) => [bot, url])),
      graphServiceHost: graph?.graphServiceHost,
      stationUrls: station?.urls,
      managementToken: station?.managementToken,
      opsToken: namespaces?.opsToken,
      nodepoolConfig: pool?.config,
      nodepoolKubeconfig: pool?.kubeconfig,
    };
    this.registerOutputs(this.outputs);
  }

  private namespaces(name: string, cluster: Cluster, settings: StationSettings): StationNamespaces {
    return new StationNamespaces(`${name}-station-namespaces`, { cluster, settings }, this.on(cluster));
  }

  /** Uses the station's namespaces where there is a station. */
  private dgraph(
    name: string,
    cluster: Cluster,
    settings: DgraphSettings,
    secrets: ThothSecrets,
    namespaces: StationNamespaces | undefined,
  ): Dgraph {
    const refs = new Map(Object.values(namespaces?.refs ?? {}).map((ref) => [ref.plainName, ref]));
    const clients = namespaces === undefined ? [] : graphRoles.map((role) => namespaces.names[role]);
    return new Dgraph(
      `${name}-dgraph`,
      { cluster, settings, secrets, station: { namespaces: refs, clients } },
      this.on(cluster),
    );
  }

  private station(
    name: string,
    cluster: Cluster,
    settings: StationSettings,
    secrets: StationSecrets,
    namespaces: StationNamespaces,
    { graphServiceHost, graphNamespace, tlsSecrets }: Dgraph,
  ): Station {
    return new Station(
      `${name}-station`,
      { namespaces, settings, secrets, graphServiceHost, graphNamespace, graphTls: tlsSecrets },
      this.on(cluster),
    );
  }

  private nodepool(name: string, cluster: Cluster, settings: NodepoolSettings): Nodepool {
    return new Nodepool(`${name}-nodepool`, { cluster, settings }, this.on(cluster));
  }

  private on(cluster: Cluster): pulumi.ComponentResourceOptions {
    return { parent: this, provider: cluster.provider };
  }
}
