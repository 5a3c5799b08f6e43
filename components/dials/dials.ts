import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../kubernetes/cluster.ts";
import { ImageStream } from "../kubernetes/imageStream.ts";
import { Namespace } from "../kubernetes/namespace.ts";
import { existingNamespace, type Place } from "../kubernetes/place.ts";
import { ServiceAccount } from "../kubernetes/serviceAccount.ts";
import type { DialsConfig, DialsSettings } from "./config.ts";
import { databaseUri } from "./django.ts";
import { Etl } from "./etl.ts";
import type { Ground } from "./ground.ts";
import { resolveImages, streams, throughStreams } from "./images.ts";
import { drawPasswords } from "./passwords.ts";
import { Web } from "./web.ts";

/** What {@link Dials} needs. */
export interface DialsArgs {
  readonly config: DialsConfig;
  readonly cluster: Cluster;
}

/** CMS DIALS: reads the monitoring histograms of CMS into databases and shows them. */
export class Dials extends pulumi.ComponentResource {
  /** Public address of the web application. */
  readonly frontendUrl: string;
  /** Public address of the API. */
  readonly apiUrl: string;

  constructor(name: string, args: DialsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:Dials", name, {}, opts);
    const { config, cluster } = args;
    const { settings } = config;
    const place = this.project(name, settings, cluster);
    const imported = settings.imageStreams ? this.streams(name, settings, place) : [];
    const resolved = resolveImages(settings.images);
    const ground: Ground = {
      place,
      settings,
      images: settings.imageStreams ? throughStreams(resolved, place.namespaceName) : resolved,
      account: new ServiceAccount(name, { place, name: "dials" }, { parent: this }),
    };
    const passwords = drawPasswords(name, settings.passwordRound, { parent: this });
    const uri = databaseUri(settings, config.secrets.databasePassword);

    const etl = new Etl(
      `${name}-etl`,
      { ground, secrets: config.secrets, passwords, databaseUri: uri },
      { parent: this, dependsOn: imported.flatMap(({ resources }) => [...resources]) },
    );
    const web = new Web(
      `${name}-web`,
      { ground, config, passwords, databaseUri: uri, after: [etl.migrations] },
      { parent: this, dependsOn: imported.flatMap(({ resources }) => [...resources]) },
    );
    this.frontendUrl = web.frontendUrl;
    this.apiUrl = web.apiUrl;
    this.registerOutputs({ frontendUrl: this.frontendUrl, apiUrl: this.apiUrl });
  }

  /** The project; in one that was made elsewhere only DIALS' own pods are walled in. */
  private project(name: string, { namespace }: DialsSettings, cluster: Cluster): Place {
    return namespace.create
      ? new Namespace(name, { cluster, name: namespace.name }, { parent: this })
      : existingNamespace(cluster, namespace.name);
  }

  /** A stream an image; a new digest is imported at once and the old ones stay in its history. */
  private streams(name: string, settings: DialsSettings, place: Place): ImageStream[] {
    const resolved = resolveImages(settings.images);
    return streams.map(
      (stream) =>
        new ImageStream(
          `${name}-${stream}`,
          {
            place,
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
