/** The permissions that are required to deploy Kubernetes objects; for the preflight, `ops deployer` and `ops doctor`. */
import type { Permission } from "../../config/preflight/permissions.ts";

/** A Kubernetes object that the program declares. */
export interface DeclaredObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for an object of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  /** The object without the values that are known only after it is created. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A rule of a Role. */
export interface RoleRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs?: readonly string[];
}

/** What the engine does to an object that it manages: server-side apply, waits, refreshes, deletes. */
const manage = ["create", "delete", "get", "list", "patch", "watch"];
const read = ["get", "list", "watch"];

/** What the provider reads while it waits for a kind to be ready; without it, it waits in vain. Events it reads for all. */
const awaited: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["replicasets.apps", "pods", "persistentvolumeclaims"],
  StatefulSet: ["pods"],
  Job: ["pods"],
  Service: ["endpoints", "endpointslices.discovery.k8s.io", "pods"],
  Ingress: ["services", "endpoints"],
};

const rbac = "rbac.authorization.k8s.io";

/** What is required to create, change, await and delete these objects, each permission once. */
export function requiredPermissions(objects: readonly DeclaredObject[]): readonly Permission[] {
  const roles = new Set(objects.filter(({ kind }) => kind.endsWith("Role")).map(titleOf));
  const all = objects.flatMap((one) => [
    ...(one.namespace === "" ? toManageInCluster(one) : toManage(one)),
    ...toPassAdmission(one),
    ...toGrant(one, roles),
  ]);
  // What is needed for the objects themselves is needed in any case, whatever a Role grants.
  const sorted = [
    ...all.filter(({ unless }) => unless !== undefined),
    ...all.filter(({ unless }) => unless === undefined),
  ];
  const unique = [...new Map(sorted.map((one) => [keyOf(one), one])).values()];
  // What may be done to every object of a kind may be done to each.
  const every = new Set(unique.map(keyOf));
  return unique.filter((one) => one.name === undefined || !every.has(keyOf({ ...one, name: undefined })));
}

const keyOf = ({ namespace, verb, resource, name }: Omit<Permission, "name"> & { name?: string | undefined }): string =>
  JSON.stringify([namespace, verb, resource, name]);

function toManage(one: DeclaredObject): readonly Permission[] {
  const { namespace, kind } = one;
  return [
    ...manage.map((verb) => ({ namespace, verb, resource: resourceName(one) })),
    ...["events", ...(awaited[kind] ?? [])].flatMap((resource) => read.map((verb) => ({ namespace, verb, resource }))),
  ];
}

/** In the whole cluster by name where RBAC knows names: it does not for create, and the provider watches a whole kind. */
function toManageInCluster(one: DeclaredObject): readonly Permission[] {
  const [resource, { name, kind }] = [resourceName(one), one];
  const at = { namespace: "", resource };
  const watches = ["list", "watch"].map((verb) => ({ ...at, verb }));
  // The nodes are the cluster's: the program only labels them.
  if (kind === "Node") return [...["get", "patch"].map((verb) => ({ ...at, verb, name })), ...watches];
  const create = kind === "Namespace" ? { ...at, verb: "create", name } : { ...at, verb: "create" };
  return [create, ...["delete", "get", "patch"].map((verb) => ({ ...at, verb, name })), ...watches];
}

/** What OpenShift asks for besides the object: for a Route's own host, and for the way in which images are built. */
function toPassAdmission({ kind, namespace, body }: DeclaredObject): readonly Permission[] {
  const { host, strategy } = (body.spec ?? {}) as { host?: unknown; strategy?: object };
  if (kind === "Route" && host !== undefined) {
    return [{ namespace, verb: "create", resource: "routes/custom-host.route.openshift.io" }];
  }
  if (kind !== "BuildConfig") return [];
  const builds = { dockerStrategy: "docker", sourceStrategy: "source", customStrategy: "custom" };
  return Object.entries(builds)
    .filter(([key]) => key in (strategy ?? {}))
    .map(([, way]) => ({ namespace, verb: "create", resource: `builds/${way}.build.openshift.io` }));
}

/** Nobody grants what they do not have: what a Role holds, or `escalate`; a Role that exists is bound by `bind`. */
function toGrant(one: DeclaredObject, own: ReadonlySet<string>): readonly Permission[] {
  const { kind, namespace, body } = one;
  if (kind === "Role" || kind === "ClusterRole") {
    const unless = { namespace, verb: "escalate", resource: resourceName(one) };
    return grantedBy((body.rules ?? []) as readonly RoleRule[], namespace).map((granted) => ({ ...granted, unless }));
  }
  if (!kind.endsWith("RoleBinding")) return [];
  const role = body.roleRef as { kind: string; name: unknown };
  // A name that is not known yet is of a Role that is made together with the binding.
  if (typeof role.name !== "string") return [];
  const { name } = role;
  const home = role.kind === "ClusterRole" ? "" : namespace;
  if (own.has(titleOf({ kind: role.kind, namespace: home, name }))) return [];
  return [{ namespace, verb: "bind", resource: `${role.kind.toLowerCase()}s.${rbac}`, name }];
}

/** What rules allow in a namespace, or in the whole cluster if that is empty. */
export function grantedBy(rules: readonly RoleRule[], namespace: string): readonly Permission[] {
  return rules.flatMap(({ apiGroups = [], resources = [], resourceNames = [undefined], verbs = [] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((plural) =>
        resourceNames.flatMap((name) =>
          verbs.map((verb) => {
            const resource = group === "" ? plural : `${plural}.${group}`;
            return { namespace, verb, resource, ...(name === undefined ? {} : { name }) };
          }),
        ),
      ),
    ),
  );
}

/** A kind's resource with its API group: `deployments.apps`. */
export function resourceName({ apiVersion, kind }: Pick<DeclaredObject, "apiVersion" | "kind">): string {
  const singular = kind.toLowerCase();
  const plural =
    singular === "endpoints"
      ? singular
      : /[^aeiou]y$/.test(singular)
        ? `${singular.slice(0, -1)}ies`
        : singular.endsWith("s")
          ? `${singular}es`
          : `${singular}s`;
  const [group, version] = apiVersion.split("/");
  return version === undefined ? plural : `${plural}.${group ?? ""}`;
}

function titleOf({ kind, namespace, name }: Pick<DeclaredObject, "kind" | "namespace" | "name">): string {
  return `${kind} ${namespace}/${name}`;
}
