/** Loads a whole tree of jobs into job-config, which Prow's updater then keeps. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { type TreeName, trees } from "../../../components/prow/files/base/trees.ts";
import { fields, list } from "../../../components/prow/files/jobFiles.ts";
import { type JobFile, packJobs, readJobs } from "../../../components/prow/files/jobs.ts";
import type { Preset } from "../../../components/prow/files/presets.ts";
import { checkTree } from "../../../components/prow/files/tree.ts";
import { configInputs } from "../../../components/prow/configInputs.ts";
import { UsageError } from "../../../cli/usage.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import type { Environment } from "./environment.ts";

/** Layouts of project-infra, the newest first. */
const layouts = Object.entries(trees).toReversed() as [TreeName, (typeof trees)[TreeName]][];

/** Jobs that were checked, and the warnings about them. */
export interface SoundJobs {
  readonly files: readonly JobFile[];
  readonly warnings: readonly string[];
}

/**
 * The job files below a folder or in a checkout, with the presets that they name.
 *
 * @throws with everything that is wrong with them
 */
export function soundJobs(source: string, environment: Environment): SoundJobs {
  const [name, layout] = layouts.find(([, { jobs }]) => existsSync(path.join(source, jobs))) ?? [];
  const files = readJobs(path.resolve(layout === undefined ? source : path.join(source, layout.jobs)));
  const elsewhere = layout === undefined ? [] : presetsOf(path.join(source, layout.config));
  const place = configInputs(environment.settings);
  const checked = checkTree(files, place, elsewhere);
  if (checked.problems.length > 0) throw new Error(`the jobs are not loaded:\n${firstLines(checked.problems)}`);
  const { tree } = environment.settings.configuration;
  const moved =
    name === undefined || name === tree
      ? []
      : [
          `the tree is laid out as in ${name} and configuration.tree is ${tree}: merged changes of these jobs are not followed`,
        ];
  return { files: checked.files, warnings: [...moved, ...checked.warnings, ...checked.waiting] };
}

/** The presets of a checkout's own config.yaml. */
function presetsOf(file: string): readonly Preset[] {
  if (!existsSync(file)) return [];
  const content: unknown = parse(readFileSync(file, "utf8"), { version: "1.1", uniqueKeys: false });
  return list(fields(content).presets).map((preset) => fields(preset) as unknown as Preset);
}

/** The first 20 of many lines. */
export function firstLines(lines: readonly string[]): string {
  const more = lines.length > 20 ? `\n  and ${lines.length - 20} more` : "";
  return `  ${lines.slice(0, 20).join("\n  ")}${more}`;
}

/** Replaces the content of job-config, stale files included. @throws if the program owns it, or it does not exist */
export async function bootstrap(
  kubectl: Kubectl,
  environment: Environment,
  files: readonly JobFile[],
  dryRun: boolean,
): Promise<string> {
  const { settings } = environment;
  if (!settings.configuration.updaterOwns.includes("job-config")) {
    throw new UsageError(
      `job-config of ${environment.name} is owned by the program: set configuration.jobs there, or hand it over to Prow by configuration.updaterOwns`,
    );
  }
  const name = configInputs(settings).configMapName("job-config");
  const inside = ["--namespace", settings.namespaces.prow];
  const live = await kubectl.get<Record<string, unknown>>("configmap", name, ...inside);
  const { data, binaryData } = packJobs(files);
  const object = JSON.stringify({ ...live, data, binaryData: binaryData ?? {} });
  await kubectl.output(["replace", "-f", "-", ...inside, ...(dryRun ? ["--dry-run=server"] : [])], object);
  const how = binaryData === undefined ? "" : ", compressed";
  return `${files.length} files of jobs ${dryRun ? "would be" : "are"} in ConfigMap ${name}${how}`;
}
