/** Asks the clusters whether the account that deploys may do what the stack requires, before anything is registered. */
import * as pulumi from "@pulumi/pulumi";
import { askCluster, type ClusterApi, LoginError, NoKubectlError } from "../clusterApi.ts";
import type { ConfigOf } from "../define.ts";
import type { clustersSchema } from "../targets.ts";
import { missingFix, missingNamespaces, missingText } from "./namespaces.ts";

/** One verb on one kind of object. */
export interface Permission {
  /** Empty for the whole cluster. */
  readonly namespace: string;
  readonly verb: string;
  /** With subresource and API group: `secrets`, `deployments.apps`, `routes/custom-host.route.openshift.io`. */
  readonly resource: string;
  /** The one object that it is for. @default every object of the kind */
  readonly name?: string;
  /** Not needed by an account that has this one. */
  readonly unless?: Permission;
}

/** Allows all the others. */
const everything: Permission = { namespace: "", verb: "*", resource: "*.*" };

/**
 * Checks that every cluster allows what is required there, and has the namespaces that others make. Without an engine no cluster is asked.
 * @throws pulumi.RunError listing everything that is missing, by cluster and namespace
 */
export async function assertPermissions(
  required: ReadonlyMap<string, readonly Permission[]>,
  clusters: ConfigOf<typeof clustersSchema> | undefined,
  namespaces: ReadonlyMap<string, readonly string[]> = new Map(),
): Promise<void> {
  if (clusters === undefined || pulumi.runtime.getEngine() === undefined) return;
  const { kubeconfigs } = clusters.keyedSecrets;
  const asked = [...required].map(
    async ([cluster, permissions]) =>
      [
        cluster,
        permissions.length === 0
          ? []
          : await deniedIn(cluster, permissions, namespaces.get(cluster) ?? [], kubeconfigs[cluster]),
      ] as const,
  );
  const denied = (await Promise.all(asked)).filter(([, missing]) => missing.length > 0);
  if (denied.length > 0) throw new pulumi.RunError(deniedText(new Map(denied)));
}

async function deniedIn(
  cluster: string,
  permissions: readonly Permission[],
  namespaces: readonly string[],
  kubeconfig: pulumi.Output<string> | undefined,
): Promise<readonly Permission[]> {
  try {
    return await askCluster(await textOf(kubeconfig), async (api) => {
      const missing = await missingNamespaces(api, namespaces);
      if (missing.length > 0) sayMissing(`cluster ${cluster} ${missingText(missing)}: ${missingFix(missing)}`);
      return deniedPermissions(api, permissions);
    });
  } catch (error) {
    if (error instanceof NoKubectlError) {
      void pulumi.log.warn(`permissions on cluster ${cluster} were not checked: ${error.message}`);
      return [];
    }
    if (!(error instanceof LoginError)) throw error;
    const message = `cluster "${cluster}" ${error.message}; check clusters:${cluster}, its kubeconfig`;
    // A preview may be of a cluster that is still to be made; its provider says what it can show then.
    if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(message);
    void pulumi.log.warn(`${message}; permissions were not checked`);
    return [];
  }
}

/** Refuses an update, which would fail halfway; a preview may come before the namespace. */
function sayMissing(message: string): void {
  if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(`${message}; nothing was changed`);
  void pulumi.log.warn(message);
}

/** The message about everything that is missing, by cluster. */
export function deniedText(denied: ReadonlyMap<string, readonly Permission[]>): string {
  return [
    "the account that deploys may not do what this stack needs; nothing was changed:",
    ...[...denied].flatMap(([cluster, missing]) => deniedLines(missing).map((line) => `  cluster ${cluster}, ${line}`)),
    "have an administrator apply what npm run --silent ops -- deployer prints for it (clusters:<name> is its kubeconfig), or name another namespace",
  ].join("\n");
}

/** Permissions in words, a line for each place: `namespace n: create/patch configmaps, secrets; bind clusterroles (edit)`. */
export function deniedLines(permissions: readonly Permission[]): readonly string[] {
  const places = Map.groupBy(permissions, placeOf);
  return sorted(places).map(([place, here]) => {
    const objects = sorted(Map.groupBy(here, (one) => `${one.resource} ${nameOf(one)}`.trim()));
    const alike = Map.groupBy(objects, ([, all]) => JSON.stringify([all[0]?.resource, verbsOf(all)]));
    const named = [...alike.values()].map((all) => {
      const [{ resource } = everything] = all[0]?.[1] ?? [];
      const names = all.flatMap(([, [one = everything]]) => nameOf(one)).filter((name) => name !== "");
      return {
        verbs: verbsOf(all[0]?.[1] ?? []),
        what: names.length === 0 ? resource : `${resource} (${names.join(", ")})`,
      };
    });
    const byVerbs = Map.groupBy(named, ({ verbs }) => verbs);
    return `${place}: ${[...byVerbs].map(([verbs, all]) => `${verbs} ${all.map(({ what }) => what).join(", ")}`).join("; ")}`;
  });
}

/** A namespace is the place itself. */
const nameOf = ({ resource, name = "" }: Permission): string => (resource === "namespaces" ? "" : name);

const verbsOf = (permissions: readonly Permission[]): string =>
  [...new Set(permissions.map(({ verb }) => verb))].toSorted().join("/");

const sorted = <T>(groups: ReadonlyMap<string, T>): readonly (readonly [string, T])[] =>
  [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));

function placeOf({ resource, name, namespace }: Permission): string {
  if (resource === "namespaces" && name !== undefined) return `namespace ${name}`;
  return namespace === "" ? "all of the cluster" : `namespace ${namespace}`;
}

/** Those that the cluster does not allow. @throws LoginError if it cannot be asked */
export async function deniedPermissions(
  api: ClusterApi,
  permissions: readonly Permission[],
): Promise<readonly Permission[]> {
  if (await isAllowed(api, everything)) return [];
  const answers = await Promise.all(
    permissions.map(async (one) => (await isAllowed(api, one)) || (await isSpared(api, one))),
  );
  return permissions.filter((_, index) => answers[index] !== true);
}

/** Whether the account does without the permission. */
async function isSpared(api: ClusterApi, { verb, resource, name, namespace, unless }: Permission): Promise<boolean> {
  if (unless !== undefined) return isAllowed(api, unless);
  // Others may have made the namespace.
  if (verb === "create" && resource === "namespaces") return api.has(`/api/v1/namespaces/${name ?? ""}`);
  if (verb !== "bind") return false;
  // Who has everything that a role allows may bind it: only the cluster knows, and says so without making anything.
  const group = "rbac.authorization.k8s.io";
  const place = namespace === "" ? "clusterrolebindings" : `namespaces/${namespace}/rolebindings`;
  return api.wouldCreate(`/apis/${group}/v1/${place}`, {
    apiVersion: `${group}/v1`,
    kind: namespace === "" ? "ClusterRoleBinding" : "RoleBinding",
    metadata: { generateName: "preflight-" },
    roleRef: { apiGroup: group, kind: resource.startsWith("clusterroles") ? "ClusterRole" : "Role", name },
  });
}

async function isAllowed(api: ClusterApi, permission: Permission): Promise<boolean> {
  const answer = (await api.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: resourceAttributes(permission) },
  })) as { readonly status?: { readonly allowed?: boolean } };
  return answer.status?.allowed === true;
}

/** A permission as access reviews have it. */
export function resourceAttributes({ namespace, verb, resource, name }: Permission): Readonly<Record<string, string>> {
  const [path = "", ...group] = resource.split(".");
  const [plural = "", subresource] = path.split("/");
  return {
    ...{ verb, group: group.join("."), resource: plural },
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === "" ? {} : { namespace }),
    // What is to be made has no name yet; and to Kubernetes a namespace is inside itself.
    ...(name === undefined || verb === "create"
      ? {}
      : { name, ...(plural === "namespaces" ? { namespace: name } : {}) }),
  };
}

/** The text of a value of the config, which is known while the program runs. */
export function textOf(value: pulumi.Output<string> | undefined): Promise<string> {
  return new Promise((resolve) => {
    (value ?? pulumi.output("")).apply(resolve);
  });
}
