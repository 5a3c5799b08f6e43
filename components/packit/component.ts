import type * as pulumi from "@pulumi/pulumi";
import type { ServingContainerArgs } from "../../blocks/kubernetes/container.ts";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { anyUser, type PackitContext, imageOf } from "./context.ts";
import type { ImageName } from "./images.ts";

/** A program in one container of one pod. */
export interface OnePodArgs extends Omit<ServingContainerArgs, "image" | "pullPolicy"> {
  /** Name of Deployment and container. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: ImageName;
}

/** Its Deployment. The old pod ends before the new one starts: two would share a volume, a queue or the clock. */
export function onePod(name: string, context: PackitContext, args: OnePodArgs, parent: pulumi.Resource): Deployment {
  const { labels, image, ...container } = args;
  const source = imageOf(context, image);
  const exceptions = { ...source.exceptions, ...container.exceptions };
  return new Deployment(
    name,
    {
      namespace: context.namespace,
      name: args.name,
      labels,
      strategy: "Recreate",
      runAs: anyUser,
      containers: [{ ...container, ...source, exceptions }],
    },
    { parent },
  );
}
