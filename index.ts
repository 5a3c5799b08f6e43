/** The program, wiring only: reads the stack's config and builds the systems that it names. */
import { Declarations } from "./blocks/declarations.ts";
import { requiredPermissions } from "./blocks/kubernetes/requiredPermissions.ts";
import { connectTargets } from "./blocks/targets.ts";
import { Callysto } from "./components/callysto/index.ts";
import { Dials } from "./components/dials/index.ts";
import { Packit } from "./components/packit/index.ts";
import { Prow } from "./components/prow/index.ts";
import { environments, schemas } from "./components/registry.ts";
import { Thoth } from "./components/thoth/index.ts";
import { loadConfig, loadSamples, runningStack } from "./config/load.ts";
import { assertNotElsewhere } from "./config/preflight/elsewhere.ts";
import { assertNoEnvironmentCredentials } from "./config/preflight/environmentCredentials.ts";
import { assertOnlySamplesReplaced } from "./config/preflight/liveSecrets.ts";
import { usedNamespaces } from "./config/preflight/namespaces.ts";
import { assertPermissions } from "./config/preflight/permissions.ts";
import { assertNothingRemoved } from "./config/preflight/removals.ts";
import { runningState } from "./config/preflight/state.ts";
import { endWithEngine } from "./config/engineEnd.ts";
import { leanSdk } from "./config/leanSdk.ts";

leanSdk();
endWithEngine();
// Every problem of the config is reported here, before anything is registered.
const { orrery, clusters, clouds, ...config } = loadConfig(schemas);
assertNoEnvironmentCredentials(clouds);
const declarations = new Declarations();
const opts = declarations.options;
const targets = connectTargets({ clusters, clouds }, opts);

/** A system that the stack does not name is not deployed. */
function build<Config, Outputs>(config: Config | undefined, deploy: (config: Config) => Outputs): Outputs | undefined {
  return config === undefined ? undefined : deploy(config);
}

const outputs = {
  callysto: build(config.callysto, (config) => new Callysto("callysto", { config, targets }, opts).outputs),
  dials: build(config.dials, (config) => new Dials("dials", { config, targets }, opts).outputs),
  packit: build(config.packit, (config) => new Packit("packit", { config, targets }, opts).outputs),
  prow: build(config.prow, (config) => new Prow("prow", { config, targets }, opts).outputs),
  stream: build(config.stream, (config) => new Packit("stream", { config, targets }, opts).outputs),
  thoth: build(config.thoth, (config) => new Thoth("thoth", { config, targets }, opts).outputs),
};

// All is declared and nothing registered: what would be deleted or made twice is looked at, and the clusters are asked whether
// the account may make it.
await declarations.register(async (objects) => {
  const [state, all] = [await runningState(runningStack), declarations.resources];
  if (state !== undefined) {
    assertNothingRemoved(state, { declared: all, environments, removed: orrery?.settings.removed ?? [] });
    await assertNotElsewhere(state, all, Object.keys(schemas));
  }
  const declared = Object.keys(clusters?.settings ?? {}).map(
    (cluster) => [cluster, objects.get(targets.cluster(cluster).provider) ?? []] as const,
  );
  const required = declared.map(([cluster, own]) => [cluster, requiredPermissions(own)] as const);
  const used = declared.map(([cluster, own]) => [cluster, usedNamespaces(own)] as const);
  await assertPermissions(new Map(required), clusters, new Map(used));
  await assertOnlySamplesReplaced(new Map(declared), clusters, () => loadSamples(schemas), runningStack);
});

/** Only of the systems that the stack has: the engine warns of each output that is undefined. */
export default Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== undefined));
