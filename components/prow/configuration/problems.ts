/** What is wrong with an environment's configuration; found before anything is registered. */
import path from "node:path";
import { isMap, parseDocument } from "yaml";
import { jobProblems } from "./jobReferences.ts";
import { type JobFile, jobKey, packJobs, readJobs, roomInConfigMap } from "./jobs.ts";
import type { ConfigurationPlace } from "./place.ts";
import { presets } from "./presets.ts";

/** Something wrong; the path is inside `configuration`. */
export interface ConfigurationProblem {
  readonly path: string;
  readonly text: string;
}

/** Problems of a whole environment. */
export function configurationProblems(place: ConfigurationPlace): readonly ConfigurationProblem[] {
  const { jobs } = place.settings;
  if (jobs.from !== "folder") return [];
  try {
    return treeProblems(readJobs(path.resolve(jobs.path)), place).map((text) => ({ path: "jobs.path", text }));
  } catch (error) {
    return [{ path: "jobs.path", text: error instanceof Error ? error.message : String(error) }];
  }
}

/** What is wrong with a tree of job files, a sentence each; without a sound file its jobs are not looked at. */
export function treeProblems(files: readonly JobFile[], place: ConfigurationPlace): readonly string[] {
  const parsed = files.map((file) => parse(file));
  const broken = parsed.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  const sound = parsed.flatMap(({ file, content }) => (content === undefined ? [] : [{ file, content }]));
  const { bytes } = packJobs(files);
  return [
    ...broken,
    ...doubles(files),
    ...jobProblems(sound, {
      presets: presets(place),
      secrets: place.jobSecrets,
      configMaps: [place.configMapName("docker-daemon-mirror-config"), place.objectName("mirror-proxy-config")],
    }),
    ...(bytes > roomInConfigMap
      ? [`all files together have ${bytes} bytes compressed, and a ConfigMap takes ${roomInConfigMap}; remove jobs`]
      : []),
  ];
}

/** A job file that was read, or what is wrong with it. */
interface Parsed {
  readonly file: JobFile;
  readonly content?: unknown;
  readonly problem?: string;
}

function parse(file: JobFile): Parsed {
  const document = parseDocument(file.text);
  const [error] = document.errors;
  if (error !== undefined) {
    const [line] = error.linePos ?? [];
    const where = line === undefined ? "" : `:${line.line}`;
    return { file, problem: `${file.path}${where} is no YAML: ${error.message.split("\n")[0] ?? ""}` };
  }
  if (document.contents !== null && !isMap(document.contents))
    return { file, problem: `${file.path} is no map of presubmits, postsubmits, periodics or presets` };
  return { file, content: document.toJS() as unknown };
}

/** Files of one name would overwrite each other: the key is the base name. */
function doubles(files: readonly JobFile[]): readonly string[] {
  return Object.entries(Object.groupBy(files, jobKey)).flatMap(([key, same = []]) =>
    same.length > 1
      ? [`${same.map((one) => one.path).join(" and ")} have one base name, and ${key} is the key of job-config`]
      : [],
  );
}
