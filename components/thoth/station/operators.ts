/** Programs that watch a namespace and act on its objects. */
import type { BlockOptions } from "../../../blocks/block.ts";
import { Deployment } from "../../../blocks/kubernetes/deployment.ts";
import type { ContainerArgs } from "../../../blocks/kubernetes/container.ts";
import { type Probes, tcp } from "../../../blocks/kubernetes/probe.ts";
import { ServiceAccount } from "../../../blocks/kubernetes/serviceAccount.ts";
import { RoleBinding } from "../../../blocks/kubernetes/roleBinding.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import { apiVariables, type StationContext, thothOf } from "./context.ts";
import { opsAccount } from "./namespaces.ts";
import type { ImageName } from "./imageTable.ts";
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
export function operators(name: string, context: StationContext, opts: BlockOptions): void {
  const { namespaces, images, accounts } = context;
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
        // Two of them would start every job twice.
        strategy: "Recreate",
        containers: [
          {
            name: image,
            ...images.of(image),
            env: { ...apiVariables(context, home), ...env },
            resources: { cpu: "250m", memory: "384Mi" },
            probes: restart(context),
          },
        ],
      },
      opts,
    );
  };
  for (const [namespace, [, home]] of watchedNamespaces(namespaces.names)) {
    const { files } = thothOf(context, home);
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
      accounts.account(`workload-operator-${namespace}`),
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
      accounts.account(`graph-sync-scheduler-${namespace}`),
    );
  }
  if (!context.settings.buildWatcher) return;
  const inspections = namespaces.names.amunInspection;
  operator(
    "build-watcher",
    "amunApi",
    inspections,
    buildWatcherVariables(name, context, opts),
    buildWatcherAccount(name, context, opts),
  );
}

/**
 * Their watch stops delivering events after about half an hour while the process keeps running, so a liveness probe on a
 * closed port restarts them. At start the workload operator catches up on what it missed; the scheduler acts on changes only.
 */
function restart({ settings: { operatorRestart } }: StationContext): Probes {
  return operatorRestart.enabled
    ? { liveness: tcp(80, { delay: operatorRestart.seconds, failures: 1 }) }
    : { none: "it listens on nothing" };
}

/** Account of the build watcher: runs next to Amun's interface, reads builds in the inspections' namespace. */
function buildWatcherAccount(name: string, { namespaces }: StationContext, opts: BlockOptions): ServiceAccount {
  const labels = { app: "thoth", component: "build-watcher" };
  const object = { name: `build-watcher-${namespaces.names.amunInspection}`, labels };
  const account = new ServiceAccount(
    `${name}-build-watcher-account`,
    { ...object, namespace: namespaces.refs.amunApi, mountsToken: true },
    opts,
  );
  const read = { apiGroups: ["build.openshift.io"], resources: ["builds"], verbs: ["get", "list", "watch"] };
  const logs = { apiGroups: ["build.openshift.io"], resources: ["builds/log"], verbs: ["get"] };
  new RoleBinding(
    `${name}-build-watcher-rights`,
    { ...object, namespace: namespaces.refs.amunInspection, rules: [read, logs], subjects: [account] },
    opts,
  );
  return account;
}

/** Analyses pull the images with the credential of thoth-ops, which lives in another namespace. */
function buildWatcherVariables(
  name: string,
  context: StationContext,
  opts: BlockOptions,
): NonNullable<ContainerArgs["env"]> {
  const { namespaces } = context;
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
    opts,
  );
  if (namespaces.names.amunInspection !== namespaces.names.infra) {
    new RoleBinding(
      `${name}-inspected-images`,
      {
        ...{ namespace: namespaces.refs.amunInspection, name: "inspected-images", labels: { app: "thoth" } },
        ...{ clusterRole: "system:image-puller", subjects: [namespaces.opsServiceAccount] },
      },
      opts,
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
    PROMETHEUS_PUSHGATEWAY_HOST: thothOf(context, "amunApi").files.env("metrics-pushgateway-url"),
    THOTH_DST_REGISTRY_USER: credential.env("user"),
    THOTH_DST_REGISTRY_PASSWORD: credential.env("password"),
  };
}
