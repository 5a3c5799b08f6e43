import * as pulumi from "@pulumi/pulumi";
import { BuildConfig, type BuildConfigArgs } from "../../../blocks/kubernetes/buildConfig.ts";
import type { Exceptions } from "../../../blocks/kubernetes/exceptions.ts";
import { ImageStream } from "../../../blocks/kubernetes/imageStream.ts";
import type { ObjectArgs } from "../../../blocks/kubernetes/metadata.ts";

/** Arguments of {@link BotImage}; `name` is the ImageStream's. */
export interface BotImageArgs extends ObjectArgs {
  /** Image that the stack names; it wins. @default none */
  readonly chosen: string | undefined;
  /** Image that the project publishes. @default none, it must be built */
  readonly published?: string;
  /** How the cluster builds it. @default it does not */
  readonly build: Omit<BuildConfigArgs, "namespace" | "name" | "labels" | "output"> | undefined;
  /** Config path of the switch that asks for the build, for the error on clusters that cannot build. */
  readonly buildSetting: string;
}

/** Where a bot's image comes from: the registry, by its pinned name, or a build in the cluster. */
export class BotImage extends pulumi.ComponentResource {
  /** For the containers. */
  readonly image: string;
  /** For the containers: a built image has no tag of its own. */
  readonly exceptions: Exceptions;

  constructor(name: string, args: BotImageArgs, opts?: pulumi.ComponentResourceOptions) {
    const { namespace, build, chosen, published } = args;
    if (build !== undefined && namespace.cluster.platform !== "openshift") {
      const problem = `cluster "${namespace.cluster.name}" is no OpenShift and builds nothing: set it to false`;
      throw new pulumi.RunError(`${args.buildSetting}: ${problem}`);
    }
    super("orrery:thoth:BotImage", name, {}, opts);
    const pulled = chosen ?? (build === undefined ? published : undefined);
    const object = { namespace, name: args.name, ...(args.labels === undefined ? {} : { labels: args.labels }) };
    const stream = new ImageStream(
      `${name}-stream`,
      { ...object, tags: { latest: pulled === undefined ? {} : { from: pulled } } },
      { parent: this },
    );
    if (build !== undefined) {
      new BuildConfig(`${name}-build`, { ...object, ...build, output: `${args.name}:latest` }, { parent: this });
    }
    this.image = pulled ?? stream.image("latest");
    this.exceptions = pulled === undefined ? { "floating-tag": "the cluster builds the image and moves the tag" } : {};
    this.registerOutputs({ image: this.image });
  }
}
