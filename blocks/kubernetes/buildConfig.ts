import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions } from "../block.ts";
import type { ObjectArgs } from "./metadata.ts";
import { metadata, dropUndefined } from "./metadata.ts";
import type { Resources } from "./resources.ts";
import { toResources } from "./resources.ts";

export interface BuildConfigArgs extends ObjectArgs {
  readonly git: { readonly uri: string; readonly ref: string; readonly contextDir?: string };
  /** A Dockerfile of the repository by its path or one's own by its text, or a builder image that receives the sources. */
  readonly strategy:
    | (({ readonly dockerfile: string } | { readonly dockerfileText: string }) & {
        readonly noCache?: boolean;
        /** Image instead of the one that the Dockerfile starts from. */
        readonly from?: { readonly stream: string; readonly tag: string };
      })
    | { readonly builder: { readonly stream: string; readonly tag: string } | { readonly image: string } };
  /** @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** ImageStreamTag that receives the image, `name:tag`. */
  readonly output: string;
  readonly resources: Resources;
  /** Secret whose key `WebHookSecretKey` starts a build by HTTP. @default no such trigger */
  readonly webhookSecret?: pulumi.Input<string>;
  /** Build when the builder image or the config changes. @default [] */
  readonly triggers?: readonly ("ImageChange" | "ConfigChange")[];
  /** Builds that are kept: [successful, failed]. @default OpenShift's 5 and 5 */
  readonly history?: readonly [successful: number, failed: number];
}

/**
 * OpenShift's in-cluster image build; on plain Kubernetes nothing is created.
 *
 * @example
 * const git = { uri: "https://github.com/org/bot", ref: "v1.0.0" };
 * const strategy = { dockerfile: "Dockerfile" };
 * new BuildConfig("bot", { namespace, name: "bot", git, strategy, output: "bot:latest", resources }, { parent: this });
 */
export class BuildConfig extends Block {
  constructor(name: string, args: BuildConfigArgs, opts: BlockOptions) {
    super();
    if (args.namespace.cluster.platform === "openshift") {
      const { uri, ref, contextDir } = args.git;
      this.make(
        new k8s.apiextensions.CustomResource(
          `${name}-build`,
          {
            apiVersion: "build.openshift.io/v1",
            kind: "BuildConfig",
            metadata: metadata(args),
            spec: dropUndefined({
              source: dropUndefined({
                type: "Git",
                git: { uri, ref },
                contextDir,
                dockerfile: "dockerfileText" in args.strategy ? args.strategy.dockerfileText : undefined,
              }),
              strategy: toStrategy(args),
              output: { to: { kind: "ImageStreamTag", name: args.output } },
              resources: toResources(args.resources),
              runPolicy: "Serial",
              successfulBuildsHistoryLimit: args.history?.[0],
              failedBuildsHistoryLimit: args.history?.[1],
              triggers: toTriggers(args),
            }),
          },
          opts,
        ),
      );
    }
  }
}

function toStrategy({ strategy, env }: BuildConfigArgs): object {
  const variables = env === undefined ? undefined : Object.entries(env).map(([name, value]) => ({ name, value }));
  if (!("builder" in strategy)) {
    const { from: base } = strategy;
    const dockerfilePath = "dockerfile" in strategy ? strategy.dockerfile : undefined;
    const from = base === undefined ? undefined : { kind: "ImageStreamTag", name: `${base.stream}:${base.tag}` };
    const dockerStrategy = { dockerfilePath, noCache: strategy.noCache, env: variables, from };
    return { type: "Docker", dockerStrategy: dropUndefined(dockerStrategy) };
  }
  const { builder } = strategy;
  const from =
    "stream" in builder
      ? { kind: "ImageStreamTag", name: `${builder.stream}:${builder.tag}` }
      : { kind: "DockerImage", name: builder.image };
  return { type: "Source", sourceStrategy: dropUndefined({ from, env: variables }) };
}

function toTriggers({ triggers, webhookSecret }: BuildConfigArgs): object[] {
  const automatic = (triggers ?? []).map((type) => (type === "ImageChange" ? { type, imageChange: {} } : { type }));
  return webhookSecret === undefined
    ? automatic
    : [...automatic, { type: "Generic", generic: { secretReference: { name: webhookSecret } } }];
}
