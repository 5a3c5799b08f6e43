import { PublicEndpoint } from "../../blocks/kubernetes/publicEndpoint.ts";
import type { BlockOptions } from "../../blocks/block.ts";
import type { Service } from "../../blocks/kubernetes/service.ts";
import { type ProwContext } from "./context.ts";
import { named } from "./names.ts";

/** A component of Prow with a public address. */
export interface Published {
  readonly base: "deck" | "hook" | "gcsweb";
  readonly service: Service | undefined;
  /** Port name of the Service. */
  readonly port: string;
  readonly host: string;
  readonly path: string;
}

/**
 * Publishes a component: the path is passed on as it is, except that gcsweb's prefix is stripped.
 *
 * @returns its address
 * @throws if it has no Service
 */
export function publish(name: string, context: ProwContext, published: Published, opts: BlockOptions): string {
  const { base, host, path } = published;
  const cut = base === "gcsweb" && path !== "/";
  const nginx = "nginx.ingress.kubernetes.io";
  expose(name, context, published, opts, {
    name: base,
    annotations: {
      "kubernetes.io/tls-acme": "true",
      ...(cut ? { [`${nginx}/use-regex`]: "true", [`${nginx}/rewrite-target`]: "/$2" } : {}),
    },
    ...(cut ? { path: `${path}(/|$)(.*)`, pathType: "ImplementationSpecific" } : { path }),
  });
  if (cut)
    for (const [what, at] of links(context))
      expose(name, context, published, opts, { name: `gcsweb-${what}`, path: at });
  return `https://${host}${path === "/" ? "" : path}`;
}

/** Where gcsweb's own links lead: from the root of its host, whatever path it is published at. */
function links({ settings: { bucket, paths } }: ProwContext): readonly (readonly [name: string, path: string])[] {
  const files =
    paths.gcswebFiles === "own"
      ? ([
          ["icons", "/icons"],
          ["styles", "/styles"],
        ] as const)
      : [];
  return [["gcs", `/gcs/${bucket}`], ...files];
}

/** What differs between the Ingresses of one component. */
interface EndpointPath {
  /** Without prefix. */
  readonly name: string;
  readonly path: string;
  readonly pathType?: "ImplementationSpecific";
  readonly annotations?: Readonly<Record<string, string>>;
}

function expose(
  name: string,
  context: ProwContext,
  { base, service, port, host }: Published,
  opts: BlockOptions,
  way: EndpointPath,
): void {
  if (service === undefined) throw new Error(`${base} has no Service`);
  const { namespace, settings } = context;
  new PublicEndpoint(
    `${name}-${way.name}`,
    {
      namespace,
      labels: { app: base },
      service,
      port,
      host,
      ...way,
      name: named(settings, way.name),
      // Where a certificate controller puts what it gets for the host; nginx serves its own certificate until then.
      tls: { termination: "edge", insecure: "Redirect", secretName: named(settings, `${base}-tls`) },
      ...(settings.ingress.class === undefined ? {} : { ingressClass: settings.ingress.class }),
    },
    opts,
  );
}
