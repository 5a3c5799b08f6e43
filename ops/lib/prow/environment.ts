/** The environment that a command is about, and kubectl in it. */
import { prowSchema, type ProwSettings } from "../../../components/prow/config.ts";
import { named } from "../../../components/prow/names.ts";
import { type WorkloadName, workloads } from "../../../components/prow/inventory.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { UsageError } from "../../../cli/usage.ts";
import { type Kubectl, kubectlOptions, type KubectlValues } from "../kube/kubectl.ts";
import { stackKubeconfigOption } from "../options.ts";
import { withCluster } from "../program.ts";
import { openStack, stackOptions, type StackValues, type SystemStack } from "../stack.ts";
import { testCluster } from "./testCluster.ts";

/** A stack with Prow. */
export type Environment = SystemStack<ProwSettings>;

/** Options of every command that is about one environment. */
export const environmentOptions = {
  ...stackOptions,
  ...kubectlOptions,
  ...stackKubeconfigOption,
  lab: { type: "boolean", help: "the stack on the test cluster that prepare created, instead of its own cluster" },
} as const satisfies OptionSpecs;

/** Values of {@link environmentOptions}. */
export type EnvironmentValues = StackValues & KubectlValues & Partial<Pick<ValuesOf<typeof environmentOptions>, "lab">>;

/** The environment that the options name; with --lab on the test cluster. @throws if that was not prepared */
export async function openEnvironment(values: EnvironmentValues): Promise<Environment> {
  const stack = openStack(prowSchema, values);
  if (values.lab !== true) return stack;
  const cluster = testCluster();
  const { file } = cluster.prepared(stack.name);
  // This machine may have no other kubectl.
  process.env.PATH = (await cluster.env(stack.name)).PATH;
  return openStack(prowSchema, { ...values, configFile: file });
}

/** Runs something with kubectl of the environment's cluster; `inside` is Prow's namespace. */
export function inCluster<T>(
  environment: Environment,
  values: EnvironmentValues,
  work: (kubectl: Kubectl, inside: readonly string[]) => Promise<T>,
): Promise<T> {
  const { cluster, namespaces } = environment.settings;
  return withCluster(environment, cluster, values, (kubectl) => work(kubectl, ["--namespace", namespaces.prow]));
}

/** Physical name of a service's Deployment. @throws UsageError with what there is */
export function deploymentOf({ settings }: Environment, service: string): { name: string; workload: WorkloadName } {
  const deployments = workloads.filter((one) => !/^(branch-protector|label-sync)/.test(one));
  const workload = deployments.find((one) => one === service);
  if (workload === undefined) {
    throw new UsageError(`there is no service "${service}"; there are ${deployments.join(", ")}`);
  }
  return { name: named(settings, workload), workload };
}

/** The patch that sets a Deployment's memory; its only container has the service's name. */
export function memoryPatch(container: string, memory: string): object {
  const resources = { requests: { memory }, limits: { memory } };
  return { spec: { template: { spec: { containers: [{ name: container, resources }] } } } };
}
