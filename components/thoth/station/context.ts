/** Variables and files that the station's own programs have in common. */
import type { ContainerArgs } from "../../../blocks/kubernetes/container.ts";
import type { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import type { StationConfig } from "./sharedConfig.ts";
import type { StationNamespaces } from "./namespaces.ts";
import type { StationImages } from "./images.ts";
import type { StationAccounts } from "./rbac.ts";
import type { Role } from "./roles.ts";
import type { StationSettings } from "./settings.ts";

/** What every component of the station builds on. */
export interface StationContext {
  readonly namespaces: StationNamespaces;
  readonly config: StationConfig;
  readonly images: StationImages;
  readonly settings: StationSettings;
  readonly accounts: StationAccounts;
  /** Secret `dgraph-tls` by namespace. */
  readonly graphTls: ReadonlyMap<string, Pick<ServiceSecret<string>, "mount">>;
}

type Environment = NonNullable<ContainerArgs["env"]>;

/** Folder of the graph clients' certificates. */
const graphFolder = "/var/run/secrets/dgraph";
/** Their file names. */
export const graphFiles = ["ca.crt", "client.user.crt", "client.user.key"] as const;

/** The ConfigMap and the Secret `thoth` of a role's namespace. */
export function thothOf({ namespaces, config }: StationContext, role: Role) {
  const files = config.thothConfig.get(namespaces.names[role]);
  const secret = config.thothSecret.get(namespaces.names[role]);
  if (files === undefined || secret === undefined)
    throw new Error(`namespace ${namespaces.names[role]} has no ConfigMap thoth`);
  return { files, secret };
}

/** Variables of every program: where it logs to and under which name. */
export function logVariables(context: StationContext, role: Role): Environment {
  const { files, secret } = thothOf(context, role);
  return {
    THOTH_DEPLOYMENT_NAME: files.env("storage-bucket-name"),
    RSYSLOG_HOST: files.env("rsyslog-host"),
    RSYSLOG_PORT: files.env("rsyslog-port"),
    SENTRY_DSN: secret.env("sentry-dsn"),
  };
}

/** Variables of programs that call the cluster's API through thoth-common. */
export function apiVariables(context: StationContext, role: Role): Environment {
  const { files } = thothOf(context, role);
  return {
    // Some of its requests ignore the cluster's own authority.
    KUBERNETES_VERIFY_TLS: "0",
    THOTH_FRONTEND_NAMESPACE: files.env("frontend-namespace"),
    THOTH_MIDDLETIER_NAMESPACE: files.env("middletier-namespace"),
    THOTH_BACKEND_NAMESPACE: files.env("backend-namespace"),
    THOTH_INFRA_NAMESPACE: files.env("infra-namespace"),
    ...logVariables(context, role),
  };
}

/** Variables of programs that push metrics when they end. */
export function pushVariables(context: StationContext, role: Role): Environment {
  return { PROMETHEUS_PUSHGATEWAY_URL: thothOf(context, role).files.env("metrics-pushgateway-url") };
}

/** Variables of programs that read and write results. */
export function storeVariables(context: StationContext, role: Role): Environment {
  const { files, secret } = thothOf(context, role);
  return {
    THOTH_S3_ENDPOINT_URL: files.env("ceph-host"),
    THOTH_CEPH_BUCKET: files.env("ceph-bucket-name"),
    THOTH_CEPH_BUCKET_PREFIX: files.env("ceph-bucket-prefix"),
    THOTH_CEPH_KEY_ID: secret.env("ceph-key-id"),
    THOTH_CEPH_SECRET_KEY: secret.env("ceph-secret-key"),
  };
}

/** Variables and certificates of programs that query the graph. */
export function graphClient(
  context: StationContext,
  role: Role,
): { env: Environment; mounts: NonNullable<ContainerArgs["mounts"]> } {
  const tls = context.graphTls.get(context.namespaces.names[role]);
  if (tls === undefined) throw new Error(`namespace ${context.namespaces.names[role]} has no Secret dgraph-tls`);
  return {
    env: { GRAPH_SERVICE_HOST: thothOf(context, role).files.env("graph-service-host"), GRAPH_TLS_PATH: graphFolder },
    // The Secret has the servers' key, too.
    mounts: { [graphFolder]: tls.mount({ items: Object.fromEntries(graphFiles.map((name) => [name, name])) }) },
  };
}

/** Clients of the cluster's API, the object store and the graph: the interfaces. */
export function fullClient(context: StationContext, role: Role): ReturnType<typeof graphClient> {
  const graph = graphClient(context, role);
  return { ...graph, env: { ...apiVariables(context, role), ...storeVariables(context, role), ...graph.env } };
}
