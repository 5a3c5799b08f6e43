/** Asks the clusters whether the account that deploys may do what the stack needs, before anything is registered. */
import * as pulumi from "@pulumi/pulumi";
import { askCluster, type ClusterApi, LoginError, NoKubectlError } from "../clusterApi.ts";
import type { AnySystem, ConfigOf, Need } from "../define.ts";
import type { Loaded } from "../load.ts";
import type { clustersSchema } from "../targets.ts";

type Clusters = ConfigOf<typeof clustersSchema>;

/** What the engine does to the objects that it manages. */
const verbs = ["create", "patch", "delete"] as const;

/** One question to a cluster; a resource of a namespace, or namespaces themselves. */
export interface Question {
  readonly namespace: string;
  readonly verb: string;
  /** With its API group: `deployments.apps`. */
  readonly resource: string;
}

/** The questions that tell whether a need is met. */
export function questions(need: Need, platform: "openshift" | "kubernetes"): readonly Question[] {
  const { namespace, resources } = need;
  const here = platform === "openshift" ? resources : resources.flatMap(withoutOpenshift);
  return here.flatMap((resource) => verbs.map((verb) => ({ namespace, verb, resource })));
}

/** Elsewhere an Ingress stands for a Route, and the other kinds of OpenShift are not made. */
function withoutOpenshift(resource: string): readonly string[] {
  if (resource === "routes.route.openshift.io") return ["ingresses.networking.k8s.io"];
  return resource.endsWith(".openshift.io") ? [] : [resource];
}

/** The message about what is refused, by cluster. */
export function deniedText(refused: ReadonlyMap<string, readonly Question[]>): string {
  const lines = [...refused].flatMap(([cluster, all]) => {
    const namespaces = [...new Set(all.map(({ namespace }) => namespace))];
    return namespaces.map((namespace) => {
      const here = all.filter((one) => one.namespace === namespace);
      const byVerbs = new Map<string, string[]>();
      for (const resource of new Set(here.map((one) => one.resource))) {
        const may = here.filter((one) => one.resource === resource).map(({ verb }) => verb);
        byVerbs.set(may.join("/"), [...(byVerbs.get(may.join("/")) ?? []), resource]);
      }
      const what = [...byVerbs].map(([may, on]) => `${may} ${on.join(", ")}`).join("; ");
      return `  cluster ${cluster}, namespace ${namespace}: ${what}`;
    });
  });
  return [
    "the account that deploys may not do what this stack needs; nothing was changed:",
    ...lines,
    "have an administrator apply what npm run --silent ops -- deployer prints for it (clusters:<name> is its kubeconfig), or name another namespace",
  ].join("\n");
}

/**
 * Checks the needs of every system that the stack names. On mocks no cluster is asked.
 * @throws pulumi.RunError naming each namespace with the verbs that are refused there
 */
export async function assertPermissions<T extends Readonly<Record<string, AnySystem>>>(
  schemas: T,
  config: Loaded<T>,
  clusters: Clusters | undefined,
): Promise<void> {
  if (clusters === undefined || pulumi.runtime.getEngine() === undefined) return;
  const needs = Object.entries(schemas).flatMap(([name, schema]) => {
    const own = config[name];
    return own === undefined ? [] : (schema.needs?.(own.settings) ?? []);
  });
  const names = [...new Set(needs.map((need) => need.cluster))];
  const missing = names.map(async (cluster) => {
    const own = needs.filter((need) => need.cluster === cluster);
    return [cluster, await missingRights(cluster, own, clusters)] as const;
  });
  const refused = new Map((await Promise.all(missing)).filter(([, questions]) => questions.length > 0));
  if (refused.size > 0) throw new pulumi.RunError(deniedText(refused));
}

async function missingRights(
  cluster: string,
  needs: readonly Need[],
  { settings, keyedSecrets }: Clusters,
): Promise<readonly Question[]> {
  const platform = settings[cluster]?.platform ?? "kubernetes";
  try {
    return await askCluster(await textOf(keyedSecrets.kubeconfigs[cluster]), async (api) => {
      const found = needs.map(async (need) => [
        ...(need.makesNamespace ? await missingNamespace(api, need.namespace) : []),
        ...(await denied(api, questions(need, platform))),
      ]);
      return (await Promise.all(found)).flat();
    });
  } catch (error) {
    if (error instanceof NoKubectlError) {
      void pulumi.log.warn(`rights on cluster ${cluster} were not checked: ${error.message}`);
      return [];
    }
    if (!(error instanceof LoginError)) throw error;
    const message = `cluster "${cluster}" ${error.message}; check clusters:${cluster}, its kubeconfig`;
    // A preview may be of a cluster that is still to be made; its provider says what it can show then.
    if (!pulumi.runtime.isDryRun()) throw new pulumi.RunError(message);
    void pulumi.log.warn(`${message}; rights were not checked`);
    return [];
  }
}

/** It may make namespaces, or the one is there and it may change it. */
async function missingNamespace(api: ClusterApi, namespace: string): Promise<readonly Question[]> {
  const create = await denied(api, [{ namespace, verb: "create", resource: "namespaces" }]);
  if (create.length === 0) return [];
  const patch = await denied(api, [{ namespace, verb: "patch", resource: "namespaces" }]);
  const mayPatch = patch.length === 0;
  return mayPatch && (await api.has(`/api/v1/namespaces/${namespace}`)) ? [] : create;
}

/** Questions that the cluster answers with no; an empty namespace is all of the cluster. */
export async function denied(api: ClusterApi, asked: readonly Question[]): Promise<readonly Question[]> {
  const answers = await Promise.all(
    asked.map(async ({ namespace, verb, resource: whole }) => {
      const [resource = "", ...group] = whole.split(".");
      // Namespaces are cluster-scoped: create takes no name, patch does.
      const where = resource !== "namespaces" ? { namespace } : verb === "create" ? {} : { name: namespace };
      const resourceAttributes = { verb, resource, group: group.join("."), ...where };
      const review = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview" };
      const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
      const answer = (await api.post(path, { ...review, spec: { resourceAttributes } })) as {
        readonly status?: { readonly allowed?: boolean };
      };
      return answer.status?.allowed === true;
    }),
  );
  return asked.filter((_, index) => answers[index] !== true);
}

/** The text of a value of the config, which is known while the program runs. */
function textOf(value: pulumi.Output<string> | undefined): Promise<string> {
  return new Promise((resolve) => {
    (value ?? pulumi.output("")).apply(resolve);
  });
}
