import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions } from "../block.ts";
import type { ObjectArgs, NamespaceRef } from "./metadata.ts";
import { metadata, dropUndefined } from "./metadata.ts";

/** OpenShift's own registry, as its pods reach it. */
export const internalRegistry = "image-registry.openshift-image-registry.svc:5000";

/** One tag of an {@link ImageStream}. */
interface ImageStreamTag {
  /** Image that the tag refers to. @default filled by a build */
  readonly from?: pulumi.Input<string>;
  /** Import again when the image changes. @default false */
  readonly scheduled?: boolean;
  /** `Local` pulls through the cluster's registry. @default "Local" */
  readonly reference?: "Local" | "Source";
  readonly annotations?: Readonly<Record<string, pulumi.Input<string>>>;
}

export interface ImageStreamArgs extends ObjectArgs {
  /** Tag -> where it comes from. */
  readonly tags: Readonly<Record<string, ImageStreamTag>>;
  /** May pods of the namespace name the stream as if it were an image? @default true */
  readonly localLookup?: boolean;
}

/**
 * OpenShift's named image references; on plain Kubernetes nothing is created.
 *
 * @example
 * const tags = { latest: { from: "quay.io/org/bot:v1.0.0" } };
 * const stream = new ImageStream("bot", { namespace, name: "bot", tags }, { parent: this });
 * const image = stream.image("latest");
 */
export class ImageStream extends Block {
  readonly namespace: NamespaceRef;
  readonly name: string;

  constructor(name: string, args: ImageStreamArgs, opts: BlockOptions) {
    super();
    this.namespace = args.namespace;
    this.name = args.name;
    if (args.namespace.cluster.platform === "openshift") {
      this.make(
        new k8s.apiextensions.CustomResource(
          `${name}-stream`,
          {
            apiVersion: "image.openshift.io/v1",
            kind: "ImageStream",
            metadata: metadata(args),
            spec: {
              lookupPolicy: { local: args.localLookup ?? true },
              tags: Object.entries(args.tags).map(([tag, source]) => toTag(tag, source)),
            },
          },
          opts,
        ),
      );
    }
  }

  /** Address of a tag inside the cluster, for a pod of any namespace that may pull it. */
  image(tag: string, registry = internalRegistry): string {
    return `${registry}/${this.namespace.plainName}/${this.name}:${tag}`;
  }
}

function toTag(name: string, tag: ImageStreamTag): object {
  return dropUndefined({
    name,
    from: tag.from === undefined ? undefined : { kind: "DockerImage", name: tag.from },
    annotations: tag.annotations,
    importPolicy: tag.scheduled === undefined ? undefined : { scheduled: tag.scheduled },
    referencePolicy: { type: tag.reference ?? "Local" },
  });
}
