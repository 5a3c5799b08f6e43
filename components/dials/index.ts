import * as pulumi from "@pulumi/pulumi";
import type { Targets } from "../../blocks/targets.ts";
import type { Cluster } from "../../blocks/kubernetes/cluster.ts";
import { ImageStream } from "../../blocks/kubernetes/imageStream.ts";
import { defaultDeny, Namespace } from "../../blocks/kubernetes/namespace.ts";
import { existingNamespace, type NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import { PrometheusRule } from "../../blocks/kubernetes/prometheusRule.ts";
import { ServiceAccount } from "../../blocks/kubernetes/serviceAccount.ts";
import { dialsAlerts } from "./alerts.ts";
import type { DialsConfig } from "./config.ts";
import type { DialsSettings } from "./settings.ts";
import { databaseUri } from "./django.ts";
import { Etl } from "./etl.ts";
import type { DialsContext } from "./context.ts";
import { resolveImages, streams, throughStreams } from "./images.ts";
import { drawPasswords } from "./generated.ts";
import { Web } from "./web.ts";

export interface DialsArgs {
  readonly config: DialsConfig;
  readonly targets: Targets;
}

/** CMS DIALS: reads the monitoring histograms of CMS into databases and shows them. */
export class Dials extends pulumi.ComponentResource {
  /** Public addresses of the web application and of its API. */
  readonly outputs: { readonly frontendUrl: string; readonly apiUrl: string };

  constructor(name: string, args: DialsArgs, opts?: pulumi.ComponentResourceOptions) {
    const { config, targets } = args;
    const { settings } = config;
    const cluster = targets.cluster(settings.cluster);
    super("orrery:dials:Dials", name, {}, { ...opts, providers: [cluster.provider] });
    const namespace = this.namespace(name, settings, cluster);
    const imported = settings.imageStreams ? this.streams(name, settings, namespace) : [];
    const resolved = resolveImages(settings.images);
    const context: DialsContext = {
      namespace,
      settings,
      images: settings.imageStreams ? throughStreams(resolved, namespace.plainName) : resolved,
      account: new ServiceAccount(name, { namespace, name: "dials" }, { parent: this }),
    };
    const passwords = drawPasswords(name, settings.passwordRound, { parent: this });
    const uri = databaseUri(settings, config.secrets.databasePassword);

    const etl = new Etl(
      `${name}-etl`,
      { context, secrets: config.secrets, passwords, databaseUri: uri },
      { parent: this, dependsOn: imported.flatMap(({ resources }) => [...resources]) },
    );
    const web = new Web(
      `${name}-web`,
      {
        context,
        secrets: config.secrets,
        apiClients: config.keyedSecrets.apiClients,
        passwords,
        databaseUri: uri,
        after: [etl.migrations],
      },
      { parent: this, dependsOn: imported.flatMap(({ resources }) => [...resources]) },
    );
    new PrometheusRule(name, { namespace, name: "dials", alerts: dialsAlerts(context) }, { parent: this });
    this.outputs = { frontendUrl: web.frontendUrl, apiUrl: web.apiUrl };
    this.registerOutputs(this.outputs);
  }

  /** Creates the namespace, or reuses the one that CERN's portal has made for DIALS alone; nobody is let in or out of either by default. */
  private namespace(name: string, settings: DialsSettings, cluster: Cluster): NamespaceRef {
    const { namespace, disposable, retainOnDelete } = settings;
    const retention = { protect: !disposable, retainOnDelete }; // with a namespace goes all that is in it
    if (namespace.create) return new Namespace(name, { cluster, name: namespace.name, retention }, { parent: this });
    const existing = existingNamespace(cluster, namespace.name);
    defaultDeny(name, existing, { parent: this });
    return existing;
  }

  /** An ImageStream per image; a new digest is imported at once, old ones stay in its history. */
  private streams(name: string, settings: DialsSettings, namespace: NamespaceRef): ImageStream[] {
    const resolved = resolveImages(settings.images);
    return streams.map(
      (stream) =>
        new ImageStream(
          `${name}-${stream}`,
          {
            namespace,
            name: stream,
            localLookup: false,
            tags: {
              latest: {
                from: resolved[stream],
                reference: "Local",
                annotations: { "openshift.io/imported-from": resolved[stream] },
              },
            },
          },
          { parent: this },
        ),
    );
  }
}
