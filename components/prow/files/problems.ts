/** What is wrong with an environment's configuration; found before anything is registered. */
import path from "node:path";
import { readJobs } from "./jobs.ts";
import type { ConfigInputs } from "./inputs.ts";
import { checkTree } from "./tree.ts";

/** Something wrong; the path is inside `configuration`. */
export interface ConfigurationProblem {
  readonly path: string;
  readonly text: string;
}

/** Problems of a whole environment. */
export function configurationProblems(inputs: ConfigInputs): readonly ConfigurationProblem[] {
  const { jobs } = inputs.settings;
  if (jobs.from !== "folder") return [];
  try {
    const { problems, waiting } = checkTree(readJobs(path.resolve(jobs.path)), inputs);
    return [...problems, ...waiting].map((text) => ({ path: "jobs.path", text }));
  } catch (error) {
    return [{ path: "jobs.path", text: error instanceof Error ? error.message : String(error) }];
  }
}
