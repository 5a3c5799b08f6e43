/** Opens what a cut-over talks to: both clusters, the stack's file, the engine. */
import type { Manifest } from "../../../policy/manifest.ts";
import { UsageError } from "../../../cli/usage.ts";
import { readStackFile } from "../../../config/stackFile.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import { openService, services } from "../packit/service.ts";
import { pulumiRun } from "../pulumi.ts";
import { clusterSource } from "../secrets/clusterSource.ts";
import { planImport, planLines, writePlan } from "../secrets/importPlan.ts";
import { openStackSecrets } from "../secrets/stackSecrets.ts";
import { changeAll, stackOf, type StackValues } from "../stack.ts";
import { collect } from "../status/collect.ts";
import { collectors } from "../status/collectors.ts";
import { declare } from "../status/situation.ts";
import { databaseMove } from "./databases.ts";
import type { Parties } from "./move.ts";
import { namespacesOf } from "./plan.ts";
import { survey } from "./workloads.ts";

/** Options of `adopt --to`. */
export type CutOverValues = StackValues & {
  /** Name of the new cluster. */
  readonly to: string;
  /** Of the old one. */
  readonly kubeconfig?: string | undefined;
  readonly out?: string | undefined;
  readonly accept: readonly string[];
  readonly keep: readonly string[];
  readonly undo: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
};

/** What is opened. */
export interface Opened {
  readonly parties: Parties;
  /** In which the stack declares something. */
  readonly namespaces: readonly string[];
  /** Domain of the new cluster's router. */
  readonly appsDomain: string;
}

interface Clusters {
  readonly old: Kubectl;
  readonly fresh: Kubectl;
  readonly kubeconfig: string;
  readonly signal: AbortSignal;
}

/** What says whether the new cluster works. */
const asked = new Set(["workloads", "objects"]);

/** @throws UsageError if the stack has nothing in the new cluster, in one line if the old one does not answer */
export async function open(values: CutOverValues, { old, fresh, kubeconfig, signal }: Clusters): Promise<Opened> {
  const { name, file } = stackOf(values);
  const own: StackValues = { stack: values.stack, configFile: values.configFile };
  const { objects: declaredIn } = await declare(own);
  const objects = declaredIn.get(values.to);
  if (objects === undefined)
    throw new UsageError(
      `stack ${name} declares nothing in a cluster "${values.to}"; it does in ${[...declaredIn.keys()].join(", ")}`,
    );
  const declared = objects.map(({ manifest }): Manifest => manifest);
  const namespaces = namespacesOf(declared);
  const live = await named("old", () => survey(old, namespaces));
  const { entries } = readStackFile(file);
  const moves = services
    .filter((service) => entries.has(`${service}:settings`))
    .map((service) => openService({ ...own, service }))
    .filter(({ settings }) => settings.cluster === values.to)
    .map(({ settings }) => {
      const place = settings.namespace.name;
      return databaseMove({ old: old.within(place), fresh: fresh.within(place), objects: live, settings, signal });
    });
  const systems = [...new Set(objects.map(({ system }) => system))];
  const parties: Parties = {
    ...{ old, fresh, declared, moves, signal, patience: 600 },
    say: console.error,
    async importSecrets(dryRun) {
      const stackSecrets = openStackSecrets(own);
      const plan = await planImport(
        stackSecrets,
        await clusterSource(stackSecrets, { kubeconfig, cluster: values.to }),
      );
      writePlan(stackSecrets, plan, dryRun);
      return planLines(plan, dryRun ? "would set" : "set");
    },
    deploy(paused) {
      // First the file: if the update fails half-way, no later one starts what must not act.
      changeAll({ name, file }, [{ namespace: "clusters", at: [values.to, "paused"], value: paused }], false);
      return pulumiRun({ name, file }, "up", values.yes ? ["--yes"] : [], values.json);
    },
    async unwell() {
      const chosen = collectors.filter((one) => asked.has(one.name));
      const report = await collect(await declare(own), own, { collectors: chosen, systems, limit: 60 });
      const bad = report.rows.filter(({ state }) => state === "bad").map(({ part, text }) => `${part}: ${text}`);
      return [
        ...bad,
        ...report.sources.flatMap(({ target, problem }) => (problem === undefined ? [] : `${target}: ${problem}`)),
      ];
    },
  };
  const clusters = JSON.parse(entries.get("clusters:settings")?.value ?? "{}") as Readonly<
    Record<string, { readonly appsDomain?: string }>
  >;
  return { parties, namespaces, appsDomain: clusters[values.to]?.appsDomain ?? values.to };
}

/** Says which cluster it is that does not answer. */
async function named<T>(cluster: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new Error(`the ${cluster} cluster: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
