/** The stack's clusters: do they answer and have the stack's kinds, and may the account that deploys do what the program does there? */
import { requiredPermissions } from "../../../blocks/kubernetes/requiredPermissions.ts";
import { askCluster, type ClusterApi, NoKubectlError } from "../../../config/clusterApi.ts";
import { missingFix, missingNamespaces, missingText, usedNamespaces } from "../../../config/preflight/namespaces.ts";
import { deniedLines, deniedPermissions } from "../../../config/preflight/permissions.ts";
import type { Manifest } from "../../../policy/manifest.ts";
import { secretOf } from "../secrets.ts";
import type { StackSecrets } from "../secrets/stackSecrets.ts";
import { type Finding, ok, problem, warning, words } from "./finding.ts";

/** Asks each cluster, unless its kubeconfig is a published sample: that is a finding of its own, and nothing answers to it. */
export async function clusters(
  stackSecrets: StackSecrets,
  declared: ReadonlyMap<string, readonly Manifest[]>,
): Promise<readonly Finding[]> {
  const names = stackSecrets.secrets
    .filter(({ schema, state }) => schema.namespace === "clusters" && state !== "sample")
    .map(({ name }) => name);
  const found = names.map(async (name): Promise<Finding> => {
    const about = `cluster ${name}`;
    const key = `clusters:${name}`;
    const another = `give it a kubeconfig that works: npx pulumi config set --stack ${stackSecrets.name} --secret ${key} < kubeconfig`;
    try {
      const objects = declared.get(name) ?? [];
      const required = requiredPermissions(objects);
      const used = usedNamespaces(objects);
      const [missing, denied, absent] = await askCluster(secretOf(stackSecrets, key), (api) =>
        Promise.all([missingKinds(api, objects), deniedPermissions(api, required), missingNamespaces(api, used)]),
      );
      if (missing.length > 0) {
        const fix = missing.some((kind) => kind.includes("monitoring.coreos.com"))
          ? `have an administrator install the Prometheus operator, or remove clusters:settings.${name}.monitoring`
          : "have an administrator install what defines them, or correct platform in clusters:settings";
        return problem(about, `has no ${missing.join(", ")}, which the stack declares`, fix);
      }
      if (absent.length > 0) return problem(about, missingText(absent), missingFix(absent));
      if (denied.length === 0)
        return ok(about, `answers; all ${required.length} permissions that the program needs are there`);
      const fix = `have an administrator apply what npm run --silent ops -- deployer --stack ${stackSecrets.name} --cluster ${name} prints`;
      return problem(about, `the account may not, in ${deniedLines(denied).join("; in ")}`, fix);
    } catch (error) {
      if (error instanceof NoKubectlError) return warning(about, `was not asked: ${error.message}`, "install kubectl");
      return problem(about, words(error), another);
    }
  });
  return Promise.all(found);
}

/** Kinds that the cluster does not have, e.g. `PrometheusRule (monitoring.coreos.com/v1)`. @throws LoginError if it cannot be asked */
async function missingKinds(api: ClusterApi, declared: readonly Manifest[]): Promise<readonly string[]> {
  const groups = Map.groupBy(
    declared.filter(({ apiVersion }) => apiVersion.includes("/")),
    ({ apiVersion }) => apiVersion,
  );
  const missing = [...groups].map(async ([version, objects]) => {
    const answer = (await api.find(`/apis/${version}`)) as { resources?: readonly { kind: string }[] } | undefined;
    const there = new Set(answer?.resources?.map(({ kind }) => kind));
    return [...new Set(objects.map(({ kind }) => kind))]
      .filter((kind) => !there.has(kind))
      .map((kind) => `${kind} (${version})`);
  });
  return (await Promise.all(missing)).flat().toSorted();
}
