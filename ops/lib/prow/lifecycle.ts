/** The life cycle of an environment: prepare, converge, cleanup, destroy. */
import { prowSchema } from "../../../components/prow/config.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { nodeOptions } from "../../../lab/nodeChoice.ts";
import { foreground } from "../pulumi.ts";
import { openStack, type StackValues } from "../stack.ts";
import { artifactsOptions, collect } from "./artifacts.ts";
import { assertOwnFolder, namedFolder } from "./artifactsFolder.ts";
import { bootstrap, soundJobs } from "./jobs.ts";
import { type Environment, type EnvironmentValues, inCluster, openEnvironment } from "./environment.ts";
import { readyOptions, waitUntilReady } from "./ready.ts";
import { testCluster } from "./testCluster.ts";
import { checkToken, tokenOptions, type TokenValues } from "./token.ts";

const log = (line: string): void => {
  console.error(line);
};

export const yesOption = {
  yes: { type: "boolean", help: "do not ask before changing anything; with --lab nothing is asked" },
} as const satisfies OptionSpecs;

const jobsOption = {
  jobs: {
    type: "string",
    value: "FOLDER",
    help: "then load these jobs into job-config: see npx orrery prow bootstrap --help",
  },
} as const satisfies OptionSpecs;

/** Options of converging, on the test cluster and elsewhere. */
export const convergeOptions = {
  ...tokenOptions,
  ...readyOptions,
  ...artifactsOptions,
  ...jobsOption,
} as const satisfies OptionSpecs;

/** The resources of Prow, for a stack that has other systems, too. */
const targets = [
  "--target",
  "**orrery:prow:*$**",
  "--target",
  "**::orrery:prow:Prow::**",
  "--target",
  "**pulumi:providers:**",
];

/** Runs Pulumi in the foreground, for Prow alone. @returns its exit code */
async function pulumi(args: readonly string[], environment: Environment, lab: boolean): Promise<number> {
  const env = lab ? await testCluster().env(environment.name) : {};
  return foreground(environment.name, [...args, ...(lab ? ["--non-interactive"] : [])], { aside: lab, env });
}

/** What the test cluster's nodes are. */
export const testNodes = { "fake-nodes": nodeOptions["fake-nodes"] } as const satisfies OptionSpecs;

/** Creates the test cluster. @throws if there is one already, unless `reset` is set */
export async function prepareCluster(
  values: StackValues & TokenValues & ValuesOf<typeof testNodes> & { readonly reset?: boolean },
): Promise<void> {
  const stack = openStack(prowSchema, values);
  const cluster = testCluster();
  const there = cluster.read();
  if (there !== undefined && values.reset !== true) {
    throw new Error(
      `the test cluster was prepared for ${there.stack} at ${there.at}, and that cannot be done twice; npx orrery prow destroy removes it, --reset starts from scratch`,
    );
  }
  log(await checkToken(stack, values));
  if (values.reset === true) await cluster.remove(); // also what an interrupted start left, which nothing records
  try {
    await cluster.make(stack.name, values.fakeNodes, log);
    const environment = await openEnvironment({ ...values, lab: true });
    const made = await pulumi(["stack", "init", "--no-select"], environment, true);
    if (made !== 0) throw new Error("Pulumi could not create the stack; its message is above");
  } catch (error) {
    await cluster.remove();
    throw error;
  }
  log(`the test cluster is up; next: npx orrery prow converge --stack ${stack.name} --lab`);
}

/** Checks, deploys, loads jobs, waits and collects artifacts. @returns the exit code */
export async function deploy(
  values: EnvironmentValues & ValuesOf<typeof convergeOptions> & { readonly yes: boolean },
): Promise<number> {
  const environment = await openEnvironment(values);
  const lab = values.lab === true;
  const { jobs, tries, every } = values;
  // Everything is checked before anything is deployed.
  const sound = jobs === undefined ? undefined : soundJobs(jobs, environment);
  sound?.warnings.forEach(log);
  assertOwnFolder(namedFolder(values));
  log(await checkToken(environment, values));
  try {
    const consent = lab || values.yes ? ["--yes", "--skip-preview"] : [];
    const up = ["up", "--config-file", environment.file, ...consent, ...(lab ? [] : targets)];
    const status = await pulumi(up, environment, lab);
    if (status !== 0) return status;
    return await inCluster(environment, values, async (kubectl, inside) => {
      if (sound !== undefined) log(await bootstrap(kubectl, environment, sound.files, false));
      const waiting = await waitUntilReady(kubectl, inside, tries, every, log);
      log(waiting.length === 0 ? "settled" : waiting.map((one) => `WRONG  ${one}`).join("\n"));
      return waiting.length === 0 ? 0 : 1;
    });
  } finally {
    log(`artifacts are in ${(await collect(environment, values)).folder}`);
  }
}

/** Removes the deployment. @returns the exit code */
export async function removeDeployment(values: EnvironmentValues & { readonly yes?: boolean }): Promise<number> {
  const environment = await openEnvironment(values);
  const lab = values.lab === true;
  const file = ["--config-file", environment.file];
  return pulumi(
    ["destroy", ...file, ...(lab || values.yes === true ? ["--yes"] : []), ...(lab ? [] : targets)],
    environment,
    lab,
  );
}

/** Removes the test cluster. */
export async function removeCluster(): Promise<void> {
  const cluster = testCluster();
  if (cluster.read() === undefined) log("there is no test cluster; leftovers of an interruption are removed");
  await cluster.remove();
}
