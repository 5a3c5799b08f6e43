import * as pulumi from "@pulumi/pulumi";
import type { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import type { ThothSecrets } from "../config.ts";
import { apis } from "./apis.ts";
import { StationConfig } from "./sharedConfig.ts";
import type { Making } from "./context.ts";
import type { StationNamespaces } from "./namespaces.ts";
import { StationImages } from "./images.ts";
import { network } from "./network.ts";
import { operators, watchedNamespaces } from "./operators.ts";
import { StationRights } from "./rbac.ts";
import { fixedRights, initRights, resultRights, watchingRights } from "./rightsTable.ts";
import { resultNamespaces } from "./roles.ts";
import { schedule } from "./cronJobs.ts";
import type { StationSettings } from "./settings.ts";
import { StationTemplates } from "./templates/index.ts";

/** What a {@link Station} needs. */
export interface StationArgs {
  /** Its namespaces, which exist before Dgraph does. */
  readonly namespaces: StationNamespaces;
  readonly settings: StationSettings;
  readonly secrets: ThothSecrets;
  /** Address of the graph database, `host:port`. */
  readonly graphServiceHost: string;
  /** Namespace of the graph database. */
  readonly graphNamespace: string;
  /** Secret `dgraph-tls` by namespace. */
  readonly graphTls: ReadonlyMap<string, Pick<ServiceSecret<string>, "mount">>;
}

/** The Thoth station. First what everything reads (prepare), then what runs (provision); `ops thoth verify` asks about both. */
export class Station extends pulumi.ComponentResource {
  /** Public addresses by interface. */
  readonly urls: Readonly<Record<string, string>>;
  /** What callers of the management interface send, secret. */
  readonly managementToken: pulumi.Output<string>;

  constructor(name: string, args: StationArgs, opts?: pulumi.ComponentResourceOptions) {
    if (args.namespaces.refs.infra.cluster.platform !== "openshift") {
      const { name: cluster } = args.namespaces.refs.infra.cluster;
      throw new pulumi.RunError(
        `thoth:settings.station.cluster: "${cluster}" is no OpenShift, whose Templates the station starts its jobs from`,
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
      watchingRights(home, watched, namespace, namespace === namespaces.names.amunInspection),
    );
    const results = [...resultNamespaces(namespaces.names)].map(([namespace, role]) => resultRights(role, namespace));
    const rights = new StationRights(
      `${prepare}-rights`,
      { namespaces, rights: [...fixedRights, ...(settings.initialize ? [initRights] : []), ...results, ...watching] },
      { parent: this },
    );
    network(prepare, namespaces, settings, args.graphNamespace, this);

    const images = new StationImages(`${name}-images`, { namespaces, settings, secrets }, { parent: this });
    new StationTemplates(`${name}-templates`, { namespaces, images }, { parent: this });
    const making: Making = { name, parent: this, namespaces, config, images, settings, graphTls };
    this.urls = apis(making, rights);
    operators(making, rights);
    schedule(making, rights);
    this.managementToken = config.managementToken;
    this.registerOutputs({ urls: this.urls, managementToken: this.managementToken });
  }
}
