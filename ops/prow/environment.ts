/** The environment that a command is about, and kubectl in it. */
import { prowSchema, type ProwSettings } from "../../components/prow/config.ts";
import { named } from "../../components/prow/names.ts";
import { type WorkloadName, workloads } from "../../components/prow/inventory.ts";
import { UsageError, type Values } from "../command.ts";
import { type Kubectl, kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { withCluster } from "../lib/program.ts";
import { openStack, stackHelp, stackOptions, type SystemStack } from "../lib/stack.ts";
import { labOption, testCluster } from "./testCluster.ts";

/** A stack with Prow. */
export type Environment = SystemStack<ProwSettings>;

/** Options of every command that is about one environment. */
export const environmentOptions = { ...stackOptions, ...kubectlOptions, ...labOption } as const;

/** The lines of `--help` about them. */
export const environmentHelp = `${stackHelp}
  --lab              the stack on the test cluster that prepare made, instead of its own cluster
${kubectlHelp.replace("(default: KUBECONFIG, then ~/.kube/config)", "(default: the stack's secret clusters:NAME)")}`;

/** The environment that the options name; with --lab its file is the test cluster's. @throws if it was not prepared */
export async function openEnvironment(values: Values): Promise<Environment> {
  const stack = openStack(prowSchema, values);
  if (values.lab !== true) return stack;
  const cluster = testCluster();
  const { file } = cluster.prepared(stack.name);
  // kubectl may be nowhere else on this machine.
  process.env.PATH = (await cluster.env(stack.name)).PATH;
  return openStack(prowSchema, { ...values, "config-file": file });
}

/** Runs something with kubectl of the environment's cluster; `inside` is Prow's namespace. */
export function inCluster<T>(
  environment: Environment,
  values: Values,
  work: (kubectl: Kubectl, inside: readonly string[]) => Promise<T>,
): Promise<T> {
  const { cluster, namespaces } = environment.settings;
  return withCluster(environment, cluster, values, (kubectl) => work(kubectl, ["--namespace", namespaces.prow]));
}

/** Physical name of a service's Deployment. @throws UsageError with what there is */
export function deploymentOf(
  { settings }: Environment,
  service: string | undefined,
): { name: string; workload: WorkloadName } {
  const deployments = workloads.filter((one) => !/^(branch-protector|label-sync)/.test(one));
  const workload = deployments.find((one) => one === service);
  if (workload === undefined) {
    throw new UsageError(
      `which service? there ${service === undefined ? "are" : `is no "${service}"; there are`} ${deployments.join(", ")}`,
    );
  }
  return { name: named(settings, workload), workload };
}
