/** Unmanaged objects in the stack's namespaces; some of them will conflict. */
import { type Json, asList, asObject, asText } from "../../../policy/manifest.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import { type DeclaredObject, identity, liveIdentity } from "./objects.ts";

/** An object that nobody declares. */
export interface Left {
  readonly cluster: string;
  readonly object: string;
  /** Declared workload that does the same under another kind, e.g. a Deployment for a DeploymentConfig. */
  readonly instead?: string;
  /** What removes it, for when nobody needs it any more. */
  readonly remove: string;
}

/** Kinds that people make; what their controllers make of them follows. */
const kinds = [
  ...["deploymentconfigs.apps.openshift.io", "deployments.apps", "statefulsets.apps", "daemonsets.apps"],
  ...["cronjobs.batch", "jobs.batch", "persistentvolumeclaims", "secrets", "configmaps", "services"],
  ...["routes.route.openshift.io", "ingresses.networking.k8s.io", "buildconfigs.build.openshift.io"],
  ...["imagestreams.image.openshift.io", "templates.template.openshift.io"],
  ...["serviceaccounts", "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io"],
  ...["networkpolicies.networking.k8s.io", "poddisruptionbudgets.policy", "horizontalpodautoscalers.autoscaling"],
];

/** Kinds of the whole cluster that give accounts of a namespace permissions, or are run by somebody in it. */
const wide = ["clusterrolebindings.rbac.authorization.k8s.io"];

/** What every namespace has of itself. */
const furniture =
  /^(ConfigMap\. .*\/(kube-root-ca\.crt|openshift-service-ca\.crt)|Service\. default\/kubernetes|ServiceAccount\. .*\/(default|builder|deployer)|RoleBinding\.\S+ .*\/(system:(image-puller|image-builder|deployer)s?|admin))$/;
const tokens = /^(kubernetes\.io\/(service-account-token|dockercfg)|helm\.sh\/)/;

const workload = /^(DeploymentConfig|Deployment|StatefulSet|DaemonSet|CronJob|Job)\./;

/** Asks for everything in the namespaces of these objects. */
export async function unmanaged(
  kubectl: Kubectl,
  cluster: string,
  declared: readonly DeclaredObject[],
): Promise<readonly Left[]> {
  const namespaces = [...new Set(declared.map(({ namespace }) => namespace))].filter((one) => one !== "");
  if (namespaces.length === 0) return [];
  const rows = await listAll(kubectl, kinds, namespaces);
  const bindings = await kubectl.get<{ items: readonly Json[] }>(wide.join(","));
  const ours = asList(bindings.items).filter(({ subjects }) =>
    asList(subjects).some((one) => one.kind === "ServiceAccount" && namespaces.includes(asText(one.namespace))),
  );
  return leftOf(cluster, declared, [...rows, ...ours]);
}

/** Everything of some kinds in some namespaces; kinds that the cluster does not have are left out. */
export async function listAll(
  kubectl: Kubectl,
  wanted: readonly string[],
  namespaces: readonly string[],
): Promise<readonly Json[]> {
  const known = await kubectl.output(["api-resources", "--namespaced", "--verbs=list", "--output", "name"]);
  const here = wanted.filter((kind) => known.split("\n").includes(kind));
  const rows = namespaces.map(async (namespace) => {
    const found = await kubectl.get<{ items: readonly Json[] }>(here.join(","), "--namespace", namespace);
    return asList(found.items);
  });
  return (await Promise.all(rows)).flat();
}

/** Those of the live objects that are neither declared nor somebody's part nor of the namespace itself. */
export function leftOf(cluster: string, declared: readonly DeclaredObject[], live: readonly Json[]): readonly Left[] {
  const own = new Set(declared.map(identity));
  const claims = declared.filter(({ kind }) => kind === "StatefulSet").flatMap(claimNames);
  const workloads = declared.filter((one) => workload.test(identity(one)));
  return live.flatMap((one): readonly Left[] => {
    const key = liveIdentity(one);
    const { ownerReferences, name, namespace } = asObject(one.metadata);
    const isClaim = claims.some((claim) => claim.test(key));
    if (
      isClaim ||
      own.has(key) ||
      asList(ownerReferences).length > 0 ||
      furniture.test(key) ||
      tokens.test(asText(one.type))
    )
      return [];
    const instead = workload.test(key)
      ? workloads.find((other) => other.name === name && other.namespace === namespace)
      : undefined;
    const [kind, place] = [asText(one.kind), asText(namespace)];
    const object = `${kind} ${place === "" ? "" : `${place}/`}${asText(name)}`;
    const remove = `kubectl delete ${kind.toLowerCase()} ${asText(name)}${place === "" ? "" : ` --namespace ${place}`}`;
    return [{ cluster, object, remove, ...(instead === undefined ? {} : { instead: instead.kind }) }];
  });
}

/** Claims that a StatefulSet makes for its pods, and finds again. */
function claimNames({ namespace, name, body }: DeclaredObject): readonly RegExp[] {
  return asList(asObject(body.spec).volumeClaimTemplates).map((template) => {
    const prefix = `${namespace}/${asText(asObject(template.metadata).name)}-${name}`;
    return new RegExp(`^PersistentVolumeClaim\\. ${prefix}-\\d+$`);
  });
}
