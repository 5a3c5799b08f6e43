/** The stack's clusters: do they answer, and may the account that deploys do what the program does there? */
import { askCluster, NoKubectlError } from "../../../config/clusterApi.ts";
import { denied, type Question } from "../../../config/preflight/permissions.ts";
import type { Manifest } from "../../../policy/manifest.ts";
import { isClusterWide, resourceOf } from "../kube/resources.ts";
import { secretOf } from "../secrets.ts";
import type { StackSecrets } from "../secrets/stackSecrets.ts";
import { type Finding, ok, problem, warning, words } from "./finding.ts";

/** What the engine does to objects that it manages. */
const verbs = ["get", "create", "patch", "delete"] as const;

/** What must be allowed for these objects; namespaces that the program makes are there when their objects are made. */
export function questionsFor(manifests: readonly Manifest[]): readonly Question[] {
  const all = manifests.flatMap((one) => {
    const namespace = isClusterWide(one) ? "" : one.namespace;
    return verbs.map((verb): Question => ({ namespace, verb, resource: resourceOf(one) }));
  });
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/** Asks each cluster. */
export async function clusters(
  held: StackSecrets,
  declared: ReadonlyMap<string, readonly Manifest[]>,
): Promise<readonly Finding[]> {
  const names = held.secrets.filter(({ schema }) => schema.namespace === "clusters").map(({ name }) => name);
  const found = names.map(async (name): Promise<Finding> => {
    const about = `cluster ${name}`;
    const key = `clusters:${name}`;
    const another = `give it a kubeconfig that works: npx pulumi config set --stack ${held.name} --secret ${key} < kubeconfig`;
    try {
      const asked = questionsFor(declared.get(name) ?? []);
      const refused = await askCluster(secretOf(held, key), (api) => denied(api, asked));
      if (refused.length === 0) return ok(about, `answers; ${asked.length} rights that the program needs are there`);
      const fix = `have an administrator apply what npm run --silent ops -- deployer --stack ${held.name} --cluster ${name} prints`;
      return problem(about, `the account may not: ${refusedText(refused)}`, fix);
    } catch (error) {
      if (error instanceof NoKubectlError) return warning(about, `was not asked: ${error.message}`, "install kubectl");
      return problem(about, words(error), another);
    }
  });
  return Promise.all(found);
}

/** Refused rights by place and resource, the verbs of each in front. */
export function refusedText(refused: readonly Question[]): string {
  const places = Map.groupBy(refused, ({ namespace }) =>
    namespace === "" ? "all of the cluster" : `namespace ${namespace}`,
  );
  return [...places]
    .map(([place, asked]) => {
      const resources = Map.groupBy(asked, ({ resource }) => resource);
      const what = [...resources].map(([resource, all]) => `${all.map(({ verb }) => verb).join("/")} ${resource}`);
      return `in ${place} ${what.join(", ")}`;
    })
    .join("; ");
}
