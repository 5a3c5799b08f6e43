/** The runbook's life cycle of an environment: prepare, converge, verify, cleanup, destroy, and all of it. */
import { spawn } from "node:child_process";
import path from "node:path";
import { prowSchema } from "../../components/prow/config.ts";
import { projectDir } from "../../config/stackFile.ts";
import { tell } from "../lib/kube/checks.ts";
import { type Command, text, type Values } from "../command.ts";
import { openStack } from "../lib/stack.ts";
import { artifactsHelp, artifactsOptions, collect } from "./artifacts.ts";
import { bootstrap, soundJobs } from "./bootstrap.ts";
import { type Environment, environmentHelp, environmentOptions, inCluster, openEnvironment } from "./environment.ts";
import { patience, settle, settleHelp, settleOptions } from "./settle.ts";
import { testCluster } from "./testCluster.ts";
import { checkToken, tokenHelp, tokenOptions } from "./token.ts";
import { findings, verifyHelp, verifyOptions } from "./verify.ts";

const log = (line: string): void => {
  console.error(line);
};

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
  const all = [...args, "--stack", environment.name, ...(lab ? ["--non-interactive"] : [])];
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(projectDir, "node_modules", ".bin", "pulumi"), all, {
      cwd: projectDir,
      stdio: ["inherit", lab ? 2 : "inherit", "inherit"],
      env: { ...process.env, ...env },
    });
    child.on("error", reject);
    child.on("exit", (code) => {
      resolve(code ?? 1);
    });
  });
}

async function prepareCluster(values: Values): Promise<void> {
  const stack = openStack(prowSchema, values);
  const cluster = testCluster();
  const there = cluster.read();
  if (there !== undefined && values.reset !== true) {
    throw new Error(
      `the test cluster was prepared for ${there.stack} at ${there.at}, and that cannot be done twice; npm run ops -- prow destroy removes it, --reset starts from scratch`,
    );
  }
  log(await checkToken(stack, values));
  if (there !== undefined) await cluster.remove(log);
  await cluster.make(stack.name, log);
  const environment = await openEnvironment({ ...values, lab: true });
  const made = await pulumi(["stack", "init", "--no-select"], environment, true);
  if (made !== 0) throw new Error("Pulumi could not make the stack; its message is above");
  log(`the test cluster is up; next: npm run ops -- prow converge --stack ${stack.name} --lab`);
}

async function deploy(values: Values): Promise<number> {
  const environment = await openEnvironment(values);
  const lab = values.lab === true;
  const jobs = text(values, "jobs");
  // Everything that can be wrong is asked before anything is deployed.
  const sound = jobs === undefined ? undefined : soundJobs(jobs, environment);
  sound?.warnings.forEach(log);
  log(await checkToken(environment, values));
  const { tries, seconds } = patience(values);
  try {
    const consent = lab || values.yes === true ? ["--yes", "--skip-preview"] : [];
    const up = ["up", "--config-file", environment.file, ...consent, ...(lab ? [] : targets)];
    const status = await pulumi(up, environment, lab);
    if (status !== 0) return status;
    return await inCluster(environment, values, async (kubectl, inside) => {
      if (sound !== undefined) log(await bootstrap(kubectl, environment, sound.files, false));
      const waiting = await settle(kubectl, inside, tries, seconds, log);
      log(waiting.length === 0 ? "settled" : waiting.map((one) => `WRONG  ${one}`).join("\n"));
      return waiting.length === 0 ? 0 : 1;
    });
  } finally {
    log(`artifacts are in ${await collect(environment, values)}`);
  }
}

async function remove(values: Values): Promise<number> {
  const environment = await openEnvironment(values);
  const lab = values.lab === true;
  const file = ["--config-file", environment.file];
  return pulumi(
    ["destroy", ...file, ...(lab || values.yes === true ? ["--yes"] : []), ...(lab ? [] : targets)],
    environment,
    lab,
  );
}

async function removeCluster(): Promise<void> {
  const cluster = testCluster();
  if (cluster.read() === undefined) log("there is no test cluster; what an interruption left is removed");
  await cluster.remove(log);
}

const yes = { yes: { type: "boolean" } } as const;
const jobsOption = { jobs: { type: "string" } } as const;
const yesHelp = "  --yes              do not ask before changing anything; with --lab nothing is asked";
const jobsHelp = "  --jobs FOLDER      then load these jobs into job-config: see npm run ops -- prow bootstrap --help";

export const prepare: Command = {
  help: `Usage: npm run ops -- prow prepare --stack S [--reset]

Checks GitHub's token, then makes the test cluster: a Kubernetes of the lab's kind on this machine with the nodes and storage
classes that the stack's Prow expects, and an empty Pulumi stack. It cannot be done twice: destroy comes first, or --reset.
The cluster needs about 1 GB of memory; containers do not run in it.

  --reset            remove an earlier test cluster, whatever is left of it
${tokenHelp}
  --stack S          the environment: reads Pulumi.S.yaml`,
  options: { stack: environmentOptions.stack, ...tokenOptions, reset: { type: "boolean" } },
  async run({ values }) {
    await prepareCluster(values);
    return 0;
  },
};

export const converge: Command = {
  help: `Usage: npm run ops -- prow converge --stack S [--lab] [--jobs FOLDER]

Checks GitHub's token and the jobs, deploys Prow (only Prow, if the stack has other systems), loads the jobs, waits until all
pods are ready and collects artifacts, also when something failed. Exit code 1 when it did not settle.

${jobsHelp}
${yesHelp}
${settleHelp}
${artifactsHelp}
${tokenHelp}
${environmentHelp}`,
  options: { ...environmentOptions, ...tokenOptions, ...settleOptions, ...artifactsOptions, ...jobsOption, ...yes },
  run: ({ values }) => deploy(values),
};

export const cleanup: Command = {
  help: `Usage: npm run ops -- prow cleanup --stack S [--lab]

Removes the deployment, its namespaces included, so that it can be deployed again in the same cluster. What is protected
refuses, and then nothing is removed; nodes keep their labels, and the definition of ProwJobs stays for other environments.

${yesHelp}
${environmentHelp}`,
  options: { ...environmentOptions, ...yes },
  run: ({ values }) => remove(values),
};

export const destroy: Command = {
  help: `Usage: npm run ops -- prow destroy

Stops the test cluster that prepare made and removes everything about it. Other clusters are never removed.`,
  options: {},
  async run() {
    await removeCluster();
    return 0;
  },
};

export const test: Command = {
  help: `Usage: npm run ops -- prow test --stack S

Prepare, converge, verify, cleanup and destroy on the test cluster, in this order. The cluster is removed also when a step fails.

${jobsHelp}
${verifyHelp}
${settleHelp}
${artifactsHelp}
${tokenHelp}
  --stack S          the environment: reads Pulumi.S.yaml`,
  options: {
    stack: environmentOptions.stack,
    ...tokenOptions,
    ...settleOptions,
    ...artifactsOptions,
    ...verifyOptions,
    ...jobsOption,
  },
  async run({ values }) {
    const onLab = { ...values, lab: true };
    await prepareCluster(values);
    try {
      const deployed = await deploy(onLab);
      if (deployed !== 0) return deployed;
      const verified = tell(await findings(await openEnvironment(onLab), onLab), {});
      const removed = await remove(onLab);
      return verified === 0 ? removed : verified;
    } finally {
      await removeCluster();
    }
  },
};
