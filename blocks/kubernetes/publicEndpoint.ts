import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Block, type BlockOptions } from "../block.ts";
import type { ObjectArgs } from "./metadata.ts";
import { metadata, dropUndefined } from "./metadata.ts";
import type { Service, ServicePort } from "./service.ts";

/** Where TLS is terminated. */
interface PublicEndpointTls {
  /** `edge`: at the router; `passthrough`: in the pod; `reencrypt`: at both. */
  readonly termination: "edge" | "passthrough" | "reencrypt";
  /** Treatment of plain HTTP; never served as it is. @default not served */
  readonly insecure?: "Redirect" | "None";
  /** Ingress: Secret with the certificate. @default the controller's own certificate */
  readonly secretName?: string;
}

export interface PublicEndpointArgs extends ObjectArgs {
  readonly service: Service;
  /** Port name of the Service. */
  readonly port: string;
  /** Public name. @default `<name>-<namespace>.<apps domain>`, as OpenShift's router generates it */
  readonly host?: string;
  /** @default everything */
  readonly path?: string;
  /** @default at the router, with its own certificate; plain HTTP is redirected */
  readonly tls?: PublicEndpointTls;
  /** Seconds that the router waits for an answer. @default the router's */
  readonly timeoutSeconds?: number;
  /** Allowed source ranges; `[]` allows everyone even where the platform's default is narrower. @default unset */
  readonly allowFrom?: readonly string[];
  /** Ingress only. @default the cluster's default class */
  readonly ingressClass?: string;
  /** Ingress only; `ImplementationSpecific` for a path that is a pattern of the controller. @default "Prefix" */
  readonly pathType?: "Prefix" | "Exact" | "ImplementationSpecific";
}

/**
 * A public name for a Service: a Route on OpenShift, an Ingress elsewhere.
 *
 * @example
 * const args = { namespace, name: "web", service, port: "http", host: "web.example.org" };
 * this.url = new PublicEndpoint("web", args, { parent: this }).url;
 */
export class PublicEndpoint extends Block {
  readonly host: string;
  readonly url: string;

  constructor(name: string, args: PublicEndpointArgs, opts: BlockOptions) {
    portOf(args); // a port that is not there fails before anything is registered
    super();
    const { cluster, plainName: namespaceName } = args.namespace;
    this.host = args.host ?? `${args.name}-${namespaceName}.${cluster.appsDomain}`;
    this.url = `https://${this.host}${args.path ?? ""}`;
    if (cluster.platform === "openshift") {
      // Another host in place takes a permission that only administrators have: `update` on routes/custom-host
      // (openshift/library-go pkg/route/hostassignment/assignment.go, ValidateHostUpdate).
      const another = { replaceOnChanges: ["spec.host"], deleteBeforeReplace: true };
      this.make(new k8s.apiextensions.CustomResource(`${name}-route`, toRoute(args), { ...opts, ...another }));
    } else {
      this.make(new k8s.networking.v1.Ingress(`${name}-ingress`, toIngress(args, this.host), opts));
    }
  }
}

const defaultTls: PublicEndpointTls = { termination: "edge", insecure: "Redirect" };

/** A Route; without `host` the router generates the name. */
function toRoute(args: PublicEndpointArgs): k8s.apiextensions.CustomResourceArgs {
  const annotations = {
    ...(args.timeoutSeconds === undefined ? {} : { "haproxy.router.openshift.io/timeout": `${args.timeoutSeconds}s` }),
    // Both spellings: routers before 4.14 only know the old one.
    ...(args.allowFrom === undefined
      ? {}
      : {
          "haproxy.router.openshift.io/ip_allowlist": args.allowFrom.join(" "),
          "haproxy.router.openshift.io/ip_whitelist": args.allowFrom.join(" "),
        }),
    ...args.annotations,
  };
  const { termination, insecure } = args.tls ?? defaultTls;
  return {
    apiVersion: "route.openshift.io/v1",
    kind: "Route",
    metadata: metadata({ ...args, annotations }),
    spec: dropUndefined({
      host: args.host,
      path: args.path,
      to: { kind: "Service", name: args.service.name, weight: 100 },
      port: { targetPort: args.port },
      tls: dropUndefined({ termination, insecureEdgeTerminationPolicy: insecure }),
      wildcardPolicy: "None",
    }),
  };
}

/** An Ingress with the nginx controller's annotations for what Ingress itself cannot express. */
function toIngress(args: PublicEndpointArgs, host: string): k8s.networking.v1.IngressArgs {
  const nginx = "nginx.ingress.kubernetes.io";
  const { tls = defaultTls, timeoutSeconds, allowFrom } = args;
  const annotations: Record<string, pulumi.Input<string>> = {
    ...(timeoutSeconds === undefined
      ? {}
      : { [`${nginx}/proxy-read-timeout`]: `${timeoutSeconds}`, [`${nginx}/proxy-send-timeout`]: `${timeoutSeconds}` }),
    ...(allowFrom === undefined || allowFrom.length === 0
      ? {}
      : { [`${nginx}/whitelist-source-range`]: allowFrom.join(",") }),
    ...(tls.termination === "passthrough" ? { [`${nginx}/ssl-passthrough`]: "true" } : {}),
    ...(tls.termination === "reencrypt" ? { [`${nginx}/backend-protocol`]: "HTTPS" } : {}),
    ...(tls.insecure === "Redirect" ? { [`${nginx}/ssl-redirect`]: "true" } : {}),
    ...args.annotations,
  };
  // By number: an Ingress refuses port names without a letter, which Services and Routes take.
  const service = { name: args.service.name, port: { number: portOf(args).port } };
  return {
    metadata: metadata({ ...args, annotations }),
    spec: dropUndefined<k8s.types.input.networking.v1.IngressSpec>({
      ingressClassName: args.ingressClass,
      tls: [{ hosts: [host], ...(tls.secretName === undefined ? {} : { secretName: tls.secretName }) }],
      rules: [
        {
          host,
          http: { paths: [{ path: args.path ?? "/", pathType: args.pathType ?? "Prefix", backend: { service } }] },
        },
      ],
    }),
  };
}

/** @throws if the Service has no port of that name */
function portOf({ name, service, port }: PublicEndpointArgs): ServicePort {
  const found = service.ports[port];
  if (found === undefined) {
    throw new Error(`[port] of "${name}": Service "${service.name}" has no port "${port}"`);
  }
  return found;
}
