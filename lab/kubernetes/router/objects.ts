/** What the router reads of the cluster's objects. */
import type { KubeObject } from "../api.ts";
import type { Pod } from "../nodes/policy.ts";

export interface Route extends KubeObject {
  readonly spec: {
    readonly host?: string;
    readonly path?: string;
    readonly to: { readonly name: string };
    readonly port?: { readonly targetPort: number | string };
    readonly tls?: {
      readonly termination: "edge" | "reencrypt" | "passthrough";
      readonly insecureEdgeTerminationPolicy?: string;
      readonly certificate?: string;
      readonly key?: string;
      readonly caCertificate?: string;
      readonly destinationCACertificate?: string;
    };
    readonly wildcardPolicy?: string;
  };
  readonly status?: { readonly ingress?: readonly RouteStatus[] };
}

/** What a router says about a Route. */
export interface RouteStatus {
  readonly host: string;
  readonly routerName: string;
  readonly conditions?: readonly Condition[];
  readonly [field: string]: unknown;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface Ingress extends KubeObject {
  readonly spec: {
    readonly tls?: readonly { readonly hosts?: readonly string[]; readonly secretName?: string }[];
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: { readonly paths: readonly IngressPath[] };
    }[];
  };
  readonly status?: { readonly loadBalancer?: Balanced };
}

export interface IngressPath {
  readonly path?: string;
  readonly pathType: string;
  readonly backend: {
    readonly service?: { readonly name: string; readonly port: { readonly number?: number; readonly name?: string } };
  };
}

/** Addresses of an Ingress or of a Service. */
export interface Balanced {
  readonly ingress?: readonly { readonly ip?: string; readonly ipMode?: string }[];
}

export interface Service extends KubeObject {
  readonly spec: {
    readonly type?: string;
    readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  };
  readonly status?: { readonly loadBalancer?: Balanced };
}

export interface EndpointSlice extends KubeObject {
  readonly addressType: string;
  readonly endpoints?:
    readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }[] | null;
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
}

export interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Ports that the router passes on as they are, as ingress-nginx's `--tcp-services-configmap` has them: `22: namespace/service:port`. */
export interface TcpServices extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Everything that the router follows. */
export interface RouterInputs {
  readonly routes: readonly Route[];
  readonly ingresses: readonly Ingress[];
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  /** Secrets of type kubernetes.io/tls. */
  readonly secrets: readonly Secret[];
}

/** Where OpenShift runs its router, with the label by which NetworkPolicies know it. */
export const routerNamespace: KubeObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "openshift-ingress", labels: { "network.openshift.io/policy-group": "ingress" } },
};

/** The router as NetworkPolicies see it: a pod of its namespace, on no node. */
export const routerPod = (ip: string): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "router-default", namespace: routerNamespace.metadata.name },
  spec: { containers: [] },
  status: { podIPs: [{ ip }] },
});

/** Kind, namespace and name, unique in the cluster. */
export const titleOf = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

/** The objects by age, the oldest first; objects of the same second by name. */
export function byAge<T extends KubeObject>(objects: readonly T[]): T[] {
  const key = ({ metadata }: KubeObject): string =>
    `${String(metadata.creationTimestamp)} ${titleOf({ metadata, apiVersion: "", kind: "" })}`;
  return [...objects].sort((a, b) => key(a).localeCompare(key(b)));
}
