import * as pulumi from "@pulumi/pulumi";
import { BuildConfig } from "../../../blocks/kubernetes/buildConfig.ts";
import type { Exceptions } from "../../../blocks/kubernetes/exceptions.ts";
import { RoleBinding } from "../../../blocks/kubernetes/roleBinding.ts";
import { ImageStream } from "../../../blocks/kubernetes/imageStream.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import { allOf } from "../../../config/define.ts";
import type { StationNamespaces } from "./namespaces.ts";
import { baseImages, type Build, builds, buildVariables, type ImageName, imageNames } from "./imageTable.ts";
import type { StationSettings } from "./settings.ts";

export interface StationImagesArgs {
  readonly namespaces: StationNamespaces;
  readonly settings: StationSettings;
  /** Starts builds. @default no such trigger */
  readonly webhookSecret: pulumi.Output<string> | undefined;
}

/** Where the station's images come from: published ones in stage, the cluster's own builds in test. */
export class StationImages extends pulumi.ComponentResource {
  private readonly images: ReadonlyMap<ImageName, string>;
  private readonly floating: ReadonlySet<ImageName>;

  constructor(name: string, args: StationImagesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:StationImages", name, {}, opts);
    const { settings, namespaces } = args;
    const namespace = namespaces.refs.infra;
    const building = settings.environment === "test";
    for (const [stream, tags] of Object.entries(baseImages)) {
      const from = Object.fromEntries(Object.entries(tags).map(([tag, source]) => [tag, { from: source }]));
      new ImageStream(
        `${name}-${stream}`,
        { namespace, name: stream, labels: { app: "thoth" }, tags: from },
        { parent: this },
      );
    }
    const trigger = building ? this.trigger(name, args) : undefined;
    const images = new Map<ImageName, string>();
    const floating = new Set<ImageName>();
    for (const image of imageNames) {
      const pulled = settings.images[image];
      // Where nothing is built, the settings name every image in use.
      if (pulled === undefined && !building) continue;
      const labels = { app: "thoth", component: image };
      const tag = pulled === undefined ? {} : { from: pulled };
      const stream = new ImageStream(
        `${name}-${image}`,
        { namespace, name: image, labels, tags: { latest: tag } },
        { parent: this },
      );
      if (pulled === undefined) {
        floating.add(image);
        this.build(name, args, image, trigger);
      }
      images.set(image, pulled ?? stream.image("latest"));
    }
    const others = [...new Set(Object.values(namespaces.names))].filter((other) => other !== namespace.plainName);
    if (others.length > 0) {
      const subjects = others.map((other) => ({ group: `system:serviceaccounts:${other}` }));
      new RoleBinding(
        `${name}-pullers`,
        { namespace, name: "image-pullers", labels: { app: "thoth" }, clusterRole: "system:image-puller", subjects },
        { parent: this },
      );
    }
    this.images = images;
    this.floating = floating;
    this.registerOutputs({});
  }

  /** Address of an image for a pod of any of the station's namespaces. @throws if the settings name none where nothing is built */
  image(name: ImageName): string {
    const found = this.images.get(name);
    if (found === undefined) throw new Error(`station.images names no image for ${name}`);
    return found;
  }

  /** A container's image with the exception that a moving tag needs. */
  of(name: ImageName, exceptions: Exceptions = {}): { readonly image: string; readonly exceptions: Exceptions } {
    const floating = { "floating-tag": "the cluster builds the image and moves the tag" };
    return { image: this.image(name), exceptions: { ...exceptions, ...(this.floating.has(name) ? floating : {}) } };
  }

  private trigger(name: string, { namespaces, webhookSecret }: StationImagesArgs): pulumi.Output<string> | undefined {
    const values = allOf({ WebHookSecretKey: webhookSecret });
    if (values === undefined) return undefined;
    const object = { namespace: namespaces.refs.infra, name: "generic-webhook-secret", values, restartOnChange: false };
    return new ServiceSecret(`${name}-trigger`, object, { parent: this }).secretName;
  }

  private build(
    name: string,
    { namespaces, settings }: StationImagesArgs,
    image: ImageName,
    webhook: pulumi.Output<string> | undefined,
  ): void {
    const { from, ref, dockerfile, dockerfileText, repository, resources, serves }: Build = builds[image];
    const [stream = "", tag = ""] = from?.split(":") ?? [];
    const builder = from === undefined ? {} : { from: { stream, tag } };
    const strategy =
      dockerfileText !== undefined
        ? { dockerfileText, ...builder }
        : dockerfile !== undefined
          ? { dockerfile, ...builder }
          : { builder: { stream, tag } };
    new BuildConfig(
      `${name}-${image}-build`,
      {
        ...{ namespace: namespaces.refs.infra, name: image, labels: { app: "thoth", component: image } },
        git: {
          uri: `https://github.com/thoth-station/${repository ?? image}`,
          ref: settings.refs[image] ?? ref,
        },
        strategy,
        ...("builder" in strategy
          ? { env: { ...buildVariables, ...(serves === true ? { WEB_CONCURRENCY: "4" } : {}) } }
          : {}),
        output: `${image}:latest`,
        resources: resources ?? { cpu: "1", memory: "1Gi" },
        // OpenShift refuses the trigger of an image that the build does not name.
        triggers: [from === undefined ? "ConfigChange" : "ImageChange"],
        ...(webhook === undefined ? {} : { webhookSecret: webhook }),
      },
      { parent: this },
    );
  }
}
