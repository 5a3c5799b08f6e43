import * as pulumi from "@pulumi/pulumi";
import type { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import { apis } from "./apis.ts";
import { StationConfig, type StationSecrets } from "./sharedConfig.ts";
import type { StationContext } from "./context.ts";
import type { StationNamespaces } from "./namespaces.ts";
import { StationImages } from "./images.ts";
import { network } from "./network.ts";
import { operators, watchedNamespaces } from "./operators.ts";
import { StationAccounts } from "./rbac.ts";
import { fixedPermissions, initPermissions, resultPermissions, watcherPermissions } from "./permissionTable.ts";
import { resultNamespaces } from "./roles.ts";
import { cronJobs } from "./cronJobs.ts";
import type { StationSettings } from "./settings.ts";
import { StationTemplates } from "./templates/index.ts";

export interface StationArgs {
  /** Its namespaces, which exist before Dgraph does. */
  readonly namespaces: StationNamespaces;
  readonly settings: StationSettings;
  readonly secrets: StationSecrets;
  /** Address of the graph database, `host:port`. */
  readonly graphServiceHost: string;
  /** Namespace of the graph database. */
  readonly graphNamespace: string;
  /** Secret `dgraph-tls` by namespace. */
  readonly graphTls: ReadonlyMap<string, Pick<ServiceSecret<string>, "mount">>;
}

/** The Thoth station. First what everything reads (prepare), then what runs (provision). */
export class Station extends pulumi.ComponentResource {
  /** Public addresses by interface. */
  readonly urls: Readonly<Record<string, string>>;
  /** What callers of the management interface send, secret. */
  readonly managementToken: pulumi.Output<string>;

  constructor(name: string, args: StationArgs, opts?: pulumi.ComponentResourceOptions) {
    if (args.namespaces.refs.infra.cluster.platform !== "openshift") {
      const { name: cluster } = args.namespaces.refs.infra.cluster;
      throw new pulumi.RunError(
        `thoth:settings.station.cluster: "${cluster}" is not OpenShift; the station starts its jobs from Templates`,
      );
    }
    super("orrery:thoth:Station", name, {}, opts);
    const { namespaces, settings, secrets, graphServiceHost, graphTls } = args;

    const prepare = `${name}-prepare`;
    const config = new StationConfig(
      `${prepare}-config`,
      { namespaces, settings, secrets, graphServiceHost },
      { parent: this },
    );
    const watching = [...watchedNamespaces(namespaces.names)].flatMap(([namespace, [watched, home]]) =>
      watcherPermissions(home, watched, namespace, namespace === namespaces.names.amunInspection),
    );
    const results = [...resultNamespaces(namespaces.names)].map(([namespace, role]) =>
      resultPermissions(role, namespace),
    );
    const accounts = new StationAccounts(
      `${prepare}-rights`,
      {
        namespaces,
        permissions: [...fixedPermissions, ...(settings.initialize ? [initPermissions] : []), ...results, ...watching],
      },
      { parent: this },
    );
    network(prepare, { namespaces, settings, graphNamespace: args.graphNamespace }, { parent: this });

    const images = new StationImages(
      `${name}-images`,
      { namespaces, settings, webhookSecret: secrets.webhookSecret },
      { parent: this },
    );
    new StationTemplates(`${name}-templates`, { namespaces, images }, { parent: this });
    const context: StationContext = { namespaces, config, images, settings, accounts, graphTls };
    this.urls = apis(name, context, { parent: this });
    operators(name, context, { parent: this });
    cronJobs(name, context, { parent: this });
    this.managementToken = config.managementToken;
    this.registerOutputs({ urls: this.urls, managementToken: this.managementToken });
  }
}
