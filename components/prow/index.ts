import * as pulumi from "@pulumi/pulumi";
import type { Targets } from "../../blocks/targets.ts";
import { Accounts } from "./accounts.ts";
import { Base } from "./namespaces.ts";
import { Caches } from "./caches.ts";
import type { ProwConfig } from "./config.ts";
import { ConfigMaps } from "./configMaps.ts";
import { Controllers } from "./controllers.ts";
import { Credentials } from "./credentials.ts";
import { Github } from "./github.ts";
import type { ProwContext } from "./context.ts";
import { resolveImages } from "./images.ts";
import { IngressController } from "./ingressController.ts";
import { MirrorProxy } from "./mirrorProxy.ts";
import { Monitoring } from "./monitoring.ts";
import { Periodics } from "./periodics.ts";
import { Web } from "./web.ts";

export interface ProwArgs {
  readonly config: ProwConfig;
  readonly targets: Targets;
}

/** One environment of KubeVirt's Prow. */
export class Prow extends pulumi.ComponentResource {
  /** Public addresses: the web interface, what GitHub calls, the bucket's browser. */
  readonly outputs: { readonly deckUrl: string; readonly hookUrl: string; readonly gcswebUrl: string };

  constructor(name: string, args: ProwArgs, opts?: pulumi.ComponentResourceOptions) {
    const { config, targets } = args;
    const { settings } = config;
    const cluster = targets.cluster(settings.cluster);
    super("orrery:prow:Prow", name, {}, { ...opts, providers: [cluster.provider] });
    const base = new Base(`${name}-base`, { settings, cluster }, { parent: this });
    const { namespace, jobs } = base;
    const after = { parent: this, dependsOn: [...base.first] };
    if (settings.ingress.controller) new IngressController(`${name}-ingress`, { cluster }, after);
    const context: ProwContext = {
      settings,
      namespace,
      jobs,
      images: resolveImages(settings.images),
      accounts: new Accounts(`${name}-accounts`, { settings, namespace, jobs }, { parent: this }),
      credentials: new Credentials(`${name}-credentials`, { config, namespace, jobs }, { parent: this }),
      configMaps: new ConfigMaps(`${name}-files`, { settings, namespace, jobs }, { parent: this }),
    };
    new Controllers(`${name}-controllers`, context, after);
    new Github(`${name}-github`, context, after);
    new Caches(`${name}-caches`, context, after);
    new MirrorProxy(`${name}-mirror-proxy`, context, after);
    new Monitoring(`${name}-monitoring`, context, after);
    new Periodics(`${name}-periodics`, context, after);
    const { deckUrl, hookUrl, gcswebUrl } = new Web(`${name}-web`, context, after);
    this.outputs = { deckUrl, hookUrl, gcswebUrl };
    this.registerOutputs(this.outputs);
  }
}
