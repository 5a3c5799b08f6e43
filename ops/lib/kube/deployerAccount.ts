/** The least that the account which deploys must be allowed in a cluster, as RBAC for an administrator to apply. */
import { asList, type Manifest, asObject, asText } from "../../../policy/manifest.ts";
import { isClusterWide, resourceOf } from "./resources.ts";

/** A rule of a Role. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** What the engine does to objects that it manages: server-side apply, awaits, refreshes, deletes. */
const whole = ["create", "delete", "get", "list", "patch", "watch"];

const reads = ["get", "list", "watch"];

/** What the provider looks at while it waits for a kind to be ready; without it, it waits in vain. Events it looks at for all. */
const awaited: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["replicasets.apps", "pods", "persistentvolumeclaims"],
  StatefulSet: ["pods"],
  Job: ["pods"],
  Service: ["endpoints", "endpointslices.discovery.k8s.io", "pods"],
  Ingress: ["services", "endpoints"],
};

/** Objects for `kubectl apply`, in order: namespaces, the account, and its rights. */
export function deployerObjects(declared: readonly Manifest[], account: Account): readonly object[] {
  const inside = Map.groupBy(
    declared.filter((one) => !isClusterWide(one)),
    ({ namespace }) => namespace,
  );
  const made = declared.filter(({ kind }) => kind === "Namespace").map(({ name }) => name);
  const namespaces = [...new Set([account.namespace, ...made])].toSorted();
  const outside = clusterRules(declared.filter(isClusterWide));
  return [
    ...namespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account.name, namespace: account.namespace } },
    ...(outside.length === 0
      ? []
      : role("Cluster", { name: `${account.namespace}-${account.name}` }, outside, account)),
    ...[...inside]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .flatMap(([namespace, all]) => role("", { name: account.name, namespace }, namespaceRules(all), account)),
  ];
}

/** A service account. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
}

function role(scope: "Cluster" | "", metadata: object, rules: readonly Rule[], account: Account): readonly object[] {
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const kind = `${scope}Role`;
  const { name } = metadata as { name: string };
  return [
    { apiVersion, kind, metadata, rules },
    {
      ...{ apiVersion, kind: `${kind}Binding`, metadata },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name },
      subjects: [{ kind: "ServiceAccount", ...account }],
    },
  ];
}

/** Rights on the objects of one namespace; and what its Roles give, as nobody can give what he has not. */
function namespaceRules(declared: readonly Manifest[]): readonly Rule[] {
  const managed = new Set(declared.map(resourceOf));
  const looked = new Set(
    ["events", ...declared.flatMap(({ kind }) => awaited[kind] ?? [])].filter((one) => !managed.has(one)),
  );
  // OpenShift asks for this when a Route has a host of its own.
  const hosts = managed.has("routes.route.openshift.io") ? ["routes/custom-host.route.openshift.io"] : [];
  const given = declared
    .filter(({ kind }) => kind === "Role")
    .flatMap(({ body }) => asList(body.rules) as unknown as readonly Rule[]);
  const bound = declared
    .filter(({ kind }) => kind === "RoleBinding")
    .map(({ body }) => asObject(body.roleRef))
    .filter(({ kind }) => kind === "ClusterRole")
    .map(({ name }) => asText(name));
  return merged([
    ...[...managed].map((one) => ({ ...split(one), verbs: whole })),
    ...[...looked].map((one) => ({ ...split(one), verbs: reads })),
    ...hosts.map((one) => ({ ...split(one), verbs: ["create"] })),
    ...(bound.length === 0 ? [] : [bind([...new Set(bound)].toSorted())]),
    ...given,
  ]);
}

/** Rights on objects without a namespace: on those of these names only. A name cannot be asked of what is still to be made. */
function clusterRules(declared: readonly Manifest[]): readonly Rule[] {
  const byResource = Map.groupBy(declared, resourceOf);
  return [...byResource]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .flatMap(([resource, all]) => {
      const { apiGroups, resources } = split(resource);
      const resourceNames = [...new Set(all.map(({ name }) => name))].toSorted();
      // Namespaces come with these rights, and nodes are the cluster's.
      const named = resource === "nodes" ? ["get", "patch"] : ["delete", "get", "patch"];
      const any = ["namespaces", "nodes"].includes(resource) ? [] : ["create"];
      return [
        { apiGroups, resources, resourceNames, verbs: named },
        // The provider watches a whole kind while it waits for the end of one object; by names it would wait in vain.
        { apiGroups, resources, verbs: [...any, "list", "watch"] },
      ];
    });
}

function bind(resourceNames: readonly string[]): Rule {
  return { apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], resourceNames, verbs: ["bind"] };
}

/** The same rights in as few rules as say them: those of one API group, names and verbs together. */
function merged(rules: readonly Rule[]): readonly Rule[] {
  const single = rules.flatMap(({ apiGroups, resources, resourceNames = [], verbs }) =>
    apiGroups.flatMap((group) => resources.map((resource) => ({ group, resource, names: resourceNames, verbs }))),
  );
  const verbsOf = Map.groupBy(single, ({ group, resource, names }) => JSON.stringify([group, names, resource]));
  const alike = Map.groupBy([...verbsOf.entries()].toSorted(), ([key, all]) => {
    const [group, names] = JSON.parse(key) as [string, string[]];
    return JSON.stringify([group, names, [...new Set(all.flatMap(({ verbs }) => verbs))].toSorted()]);
  });
  return [...alike].map(([key, all]) => {
    const [group, names, verbs] = JSON.parse(key) as [string, string[], string[]];
    const resources = all.map(([one]) => (JSON.parse(one) as [string, string[], string])[2]);
    return { apiGroups: [group], resources, ...(names.length === 0 ? {} : { resourceNames: names }), verbs };
  });
}

/** `deployments.apps` is of the group apps. */
function split(resource: string): Pick<Rule, "apiGroups" | "resources"> {
  const [plural = "", ...group] = resource.split(".");
  return { apiGroups: [group.join(".")], resources: [plural] };
}
