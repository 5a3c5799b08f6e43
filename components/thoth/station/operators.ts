/** Programs that watch a namespace and start what its objects ask for. */
import { Deployment } from "../../../blocks/kubernetes/deployment.ts";
import type { ContainerArgs } from "../../../blocks/kubernetes/container.ts";
import { type Probes, tcp } from "../../../blocks/kubernetes/probe.ts";
import { ServiceAccount } from "../../../blocks/kubernetes/serviceAccount.ts";
import { RoleBinding } from "../../../blocks/kubernetes/roleBinding.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import { apiVariables, type Making, thothOf } from "./context.ts";
import { opsAccount } from "./namespaces.ts";
import type { ImageName } from "./imageTable.ts";
import type { StationRights } from "./rbac.ts";
import { byNamespace, type Role } from "./roles.ts";

/** Which namespaces are watched, and where the watchers run. */
const watches: readonly (readonly [watched: Role, home: Role])[] = [
  ["middletier", "frontend"],
  ["backend", "frontend"],
  ["amunInspection", "amunApi"],
];

/** Watched namespace -> its role and where the watchers run; each namespace once. */
export function watchedNamespaces(names: Readonly<Record<Role, string>>): ReadonlyMap<string, readonly [Role, Role]> {
  return byNamespace(
    names,
    watches.map((pair) => [pair[0], pair] as const),
  );
}

/** One workload operator and one graph-sync scheduler a watched namespace, and the watcher of inspections' builds. */
export function operators(making: Making, rights: StationRights): void {
  const { name, parent, namespaces, images } = making;
  const operator = (
    image: ImageName,
    home: Role,
    watched: string,
    env: NonNullable<ContainerArgs["env"]>,
    account: ServiceAccount,
  ): void => {
    const instance = `${image}-${watched}`;
    const labels = { app: "thoth", component: image, instance };
    new Deployment(
      `${name}-${instance}`,
      {
        ...{ namespace: namespaces.refs[home], name: instance, labels, serviceAccount: account },
        // Two of them would start everything twice.
        strategy: "Recreate",
        containers: [
          {
            name: image,
            ...images.of(image),
            env: { ...apiVariables(making, home), ...env },
            resources: { cpu: "250m", memory: "384Mi" },
            probes: restart(making),
          },
        ],
      },
      { parent },
    );
  };
  for (const [namespace, [, home]] of watchedNamespaces(namespaces.names)) {
    const { files } = thothOf(making, home);
    operator(
      "workload-operator",
      home,
      namespace,
      {
        THOTH_OPERATOR_NAMESPACE: namespace,
        THOTH_LOG_WORKLOAD_OPERATOR: "INFO",
        // It finds Templates where it makes their objects, as OpenShift processes none of another namespace.
        THOTH_INFRA_NAMESPACE: namespace,
        THOTH_AMUN_INFRA_NAMESPACE: namespace,
        THOTH_AMUN_INSPECTION_NAMESPACE: files.env("amun-inspection-namespace"),
      },
      rights.account(`workload-operator-${namespace}`),
    );
    operator(
      "graph-sync-scheduler",
      home,
      namespace,
      {
        THOTH_SCHEDULER_NAMESPACE: namespace,
        THOTH_GRAPH_SYNC_NAMESPACE: namespace,
        THOTH_LOG_GRAPH_SYNC_SCHEDULER: "INFO",
      },
      rights.account(`graph-sync-scheduler-${namespace}`),
    );
  }
  if (!making.settings.buildWatcher) return;
  const inspections = namespaces.names.amunInspection;
  operator(
    "build-watcher",
    "amunApi",
    inspections,
    buildWatcherVariables(making),
    buildWatcherAccount(making, inspections),
  );
}

/**
 * Their watch falls silent after about half an hour while the process lives on, so they are ended by a probe on a port
 * that nothing listens on. On start the workload operator sees again what it missed; the scheduler acts on changes only.
 */
function restart({ settings: { operatorRestart } }: Making): Probes {
  return operatorRestart.enabled
    ? { liveness: tcp(80, { delay: operatorRestart.seconds, failures: 1 }) }
    : { none: "it listens on nothing" };
}

/** Runs beside the interface, reads builds of the inspections' namespace. */
function buildWatcherAccount({ name, parent, namespaces }: Making, inspections: string): ServiceAccount {
  const labels = { app: "thoth", component: "build-watcher" };
  const object = { name: `build-watcher-${inspections}`, labels };
  const account = new ServiceAccount(
    `${name}-build-watcher-account`,
    { ...object, namespace: namespaces.refs.amunApi, mountsToken: true },
    { parent },
  );
  const read = { apiGroups: ["build.openshift.io"], resources: ["builds"], verbs: ["get", "list", "watch"] };
  const logs = { apiGroups: ["build.openshift.io"], resources: ["builds/log"], verbs: ["get"] };
  new RoleBinding(
    `${name}-build-watcher-rights`,
    { ...object, namespace: namespaces.refs.amunInspection, rules: [read, logs], to: [account] },
    { parent },
  );
  return account;
}

/** Analyses pull the images with the credential of thoth-ops, which lives in another namespace. */
function buildWatcherVariables(making: Making): NonNullable<ContainerArgs["env"]> {
  const { name, parent, namespaces } = making;
  const credential = new ServiceSecret(
    `${name}-registry-credential`,
    {
      ...{
        namespace: namespaces.refs.amunApi,
        name: "registry-credential",
        labels: { app: "thoth", component: "build-watcher" },
      },
      values: { user: opsAccount, password: namespaces.opsToken },
    },
    { parent },
  );
  if (namespaces.names.amunInspection !== namespaces.names.infra) {
    new RoleBinding(
      `${name}-inspected-images`,
      {
        ...{ namespace: namespaces.refs.amunInspection, name: "inspected-images", labels: { app: "thoth" } },
        ...{ clusterRole: "system:image-puller", to: [namespaces.opsServiceAccount] },
      },
      { parent },
    );
  }
  const { frontend } = namespaces.refs;
  return {
    THOTH_WATCHED_NAMESPACE: namespaces.names.amunInspection,
    // By its public name: the client tries 443 first, where only the router answers; its certificate is the cluster's own.
    THOTH_USER_API_HOST: `user-api-${frontend.plainName}.${frontend.cluster.appsDomain}`,
    THOTH_NO_TLS_VERIFY: "1",
    THOTH_NO_DESTINATION_REGISTRY_TLS_VERIFY: "1",
    THOTH_ENVIRONMENT_TYPE: "runtime",
    THOTH_PASS_TOKEN: "0",
    // Despite its name it takes host and port.
    PROMETHEUS_PUSHGATEWAY_HOST: thothOf(making, "amunApi").files.env("metrics-pushgateway-url"),
    THOTH_DST_REGISTRY_USER: credential.env("user"),
    THOTH_DST_REGISTRY_PASSWORD: credential.env("password"),
  };
}
