import type { BlockOptions } from "../../blocks/block.ts";
import type { ServingContainerArgs } from "../../blocks/kubernetes/container.ts";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { PublicEndpoint } from "../../blocks/kubernetes/publicEndpoint.ts";
import type { Service } from "../../blocks/kubernetes/service.ts";
import { anyUser, type PackitContext, imageOf } from "./context.ts";
import type { ImageName } from "./images.ts";

/** A program in one container of one pod. */
export interface SingletonArgs extends Omit<ServingContainerArgs, "image" | "pullPolicy"> {
  readonly context: PackitContext;
  /** Name of Deployment and container. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: ImageName;
}

/** The Deployment of one pod. The old pod ends before the new one starts: two would share a volume, a queue or a schedule. */
export function singletonDeployment(name: string, args: SingletonArgs, opts: BlockOptions): Deployment {
  const { context, labels, image, ...container } = args;
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
    opts,
  );
}

/** A Service whose pods terminate TLS themselves. */
interface TlsEndpointArgs {
  readonly context: PackitContext;
  readonly service: Service;
  readonly port: string;
  /** @default the router names it */
  readonly host: string | undefined;
}

/** A Route that passes TLS through to the pod and redirects plain HTTP. Returns its URL. */
export function exposeTls(name: string, { context, service, port, host }: TlsEndpointArgs, opts: BlockOptions): string {
  return new PublicEndpoint(
    name,
    {
      namespace: context.namespace,
      name: service.name,
      service,
      port,
      ...(host === undefined ? {} : { host }),
      tls: { termination: "passthrough", insecure: "Redirect" },
    },
    opts,
  ).url;
}
