/** Loads a whole tree of jobs into job-config, which Prow's updater then keeps. */
import { existsSync } from "node:fs";
import path from "node:path";
import { type JobFile, packJobs, readJobs } from "../../components/prow/configuration/jobs.ts";
import { treeProblems } from "../../components/prow/configuration/problems.ts";
import { toPlace } from "../../components/prow/place.ts";
import { type Command, text, UsageError } from "../command.ts";
import type { Kubectl } from "../kubectl.ts";
import { type Environment, environmentHelp, environmentOptions, inCluster, openEnvironment } from "./environment.ts";

/** Folders of all jobs in a checkout of project-infra: today's, and the runbook's. */
const known = ["github/ci/prow-deploy/files/jobs", "github/ci/prow/files/jobs"];

/** The job files below a folder or in a checkout. @throws with everything that is wrong with them */
export function soundJobs(source: string, environment: Environment): readonly JobFile[] {
  const found = known.map((one) => path.join(source, one)).find((one) => existsSync(one)) ?? source;
  const files = readJobs(path.resolve(found));
  const problems = treeProblems(files, toPlace(environment.settings));
  if (problems.length > 0) {
    const more = problems.length > 20 ? `\n  and ${problems.length - 20} more` : "";
    throw new Error(
      `the jobs are not loaded:\n${problems
        .slice(0, 20)
        .map((one) => `  ${one}`)
        .join("\n")}${more}`,
    );
  }
  return files;
}

/** Replaces the content of job-config, stale files included. @throws if the program owns it, or it is not there */
export async function bootstrap(
  kubectl: Kubectl,
  environment: Environment,
  files: readonly JobFile[],
  dryRun: boolean,
): Promise<string> {
  const { settings } = environment;
  if (!settings.configuration.updaterOwns.includes("job-config")) {
    throw new UsageError(
      `job-config of ${environment.name} is the program's alone: set configuration.jobs there, or give it to Prow by configuration.updaterOwns`,
    );
  }
  const name = toPlace(settings).configMapName("job-config");
  const inside = ["--namespace", settings.namespaces.prow];
  const live = await kubectl.get<Record<string, unknown>>("configmap", name, ...inside);
  const { data, binaryData } = packJobs(files);
  const object = JSON.stringify({ ...live, data, binaryData: binaryData ?? {} });
  await kubectl.output(["replace", "-f", "-", ...inside, ...(dryRun ? ["--dry-run=server"] : [])], object);
  const how = binaryData === undefined ? "" : ", compressed";
  return `${files.length} files of jobs ${dryRun ? "would be" : "are"} in ConfigMap ${name}${how}`;
}

export const command: Command = {
  help: `Usage: npm run ops -- prow bootstrap --stack S --jobs FOLDER [--dry-run]

Puts every job file below FOLDER (or of a checkout of kubevirt/project-infra) into job-config under its base name, compressed
if they are many, and removes what is there otherwise. First all are checked: YAML, base names, presets, Secrets and
ConfigMaps that jobs name; when anything is wrong nothing is loaded. For environments whose job-config is Prow's updater's.

  --jobs FOLDER      the jobs
  --dry-run          check everything, and let the API server check the object, but change nothing
${environmentHelp}`,
  options: { ...environmentOptions, jobs: { type: "string" }, "dry-run": { type: "boolean" } },
  async run({ values }) {
    const source = text(values, "jobs");
    if (source === undefined) throw new UsageError("which jobs? name their folder by --jobs");
    const environment = await openEnvironment(values);
    const files = soundJobs(source, environment);
    const dryRun = values["dry-run"] === true;
    console.log(await inCluster(environment, values, (kubectl) => bootstrap(kubectl, environment, files, dryRun)));
    return 0;
  },
};
