/** A tree of job files as it goes into job-config: checked as Prow loads it, with the presets that it names. */
import { stringify } from "yaml";
import { trees } from "./base/trees.ts";
import { fields, list, type ParsedFile, read } from "./jobFiles.ts";
import { clashes, doubledPresets, missingLabels, type PlacedPreset, presetsIn } from "./jobPresets.ts";
import { missingObjects, namelessJobs } from "./jobReferences.ts";
import { type JobFile, jobKey, packJobs, configMapLimit } from "./jobs.ts";
import type { ConfigInputs } from "./inputs.ts";
import { pluginsConfig } from "./plugins.ts";
import { type Preset, presets, sparePresets } from "./presets.ts";

/** Key of the file with the presets that are added to a tree. */
const addedKey = "orrery-presets.yaml";

/** A tree that was checked. */
export interface CheckedTree {
  /** Its files, and the one with added presets. */
  readonly files: readonly JobFile[];
  /** Why Prow would end on it, or run jobs without what they name. */
  readonly problems: readonly string[];
  /** Jobs that start, and wait for a Secret or ConfigMap that is not there. */
  readonly waiting: readonly string[];
  /** What was added, and what is odd and works. */
  readonly warnings: readonly string[];
}

/**
 * Checks a tree; of a file that cannot be read the jobs are not looked at.
 *
 * @param elsewhere presets of the configuration that the tree comes with; they go before the environment's own
 */
export function checkTree(
  files: readonly JobFile[],
  inputs: ConfigInputs,
  elsewhere: readonly Preset[] = [],
): CheckedTree {
  const readings = files.map(read);
  const parsed = readings.flatMap(({ file, content }) => (content === undefined ? [] : [{ file, content }]));
  const known = [...presets(inputs).map((preset) => inFile("config.yaml", preset)), ...presetsIn(parsed)];
  const { added, missing } = complete(parsed, known, [...elsewhere, ...sparePresets(inputs)]);
  const all = [...known, ...added.map((preset) => inFile(addedKey, preset))];
  const whole =
    added.length === 0
      ? files
      : [...files, { path: addedKey, text: stringify({ presets: added }, { lineWidth: 0, version: "1.1" }) }];
  const { bytes } = packJobs(whole);
  return {
    files: whole,
    problems: [
      ...readings.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
      ...doubles(whole),
      ...namelessJobs(parsed),
      ...doubledPresets(all),
      ...missing,
      ...clashes(parsed, all),
      ...(bytes > configMapLimit
        ? [`all files together have ${bytes} bytes compressed, and a ConfigMap takes ${configMapLimit}; remove jobs`]
        : []),
    ],
    waiting: missingObjects(parsed, all, {
      secrets: inputs.jobSecrets,
      configMaps: [inputs.configMapName("docker-daemon-mirror-config"), inputs.objectName("mirror-proxy-config")],
      ownContexts: trees[inputs.settings.tree].ownContexts,
    }),
    warnings: [
      ...readings.flatMap(({ warnings }) => warnings),
      ...unserved(parsed, inputs),
      ...added.map((preset) => `${Object.keys(preset.labels).join(" and ")} is added in ${addedKey}: jobs name it`),
    ],
  };
}

const inFile = (file: string, preset: Preset): PlacedPreset => ({ preset: { ...preset }, file });

/** The presets that jobs name and that can be had, and a sentence for each that cannot. */
function complete(
  files: readonly ParsedFile[],
  known: readonly PlacedPreset[],
  offered: readonly Preset[],
): { readonly added: readonly Preset[]; readonly missing: readonly string[] } {
  const added = new Set<Preset>();
  const missing: string[] = [];
  for (const [label, { job, jobs }] of missingLabels(files, known)) {
    // A checkout's preset for all jobs has no labels.
    const found = offered.find(({ labels }) => label in fields(labels));
    if (found === undefined) {
      const others = jobs === 1 ? "" : ` and ${jobs - 1} more`;
      missing.push(`${job}${others} names ${label}, and no preset has that label`);
    } else added.add(found);
  }
  return { added: [...added], missing };
}

/** Repositories whose jobs nobody starts: plugins.yaml has no plugin trigger for them. */
function unserved(files: readonly ParsedFile[], inputs: ConfigInputs): readonly string[] {
  const { plugins } = pluginsConfig(inputs);
  const served = (name: string): boolean => list(fields(fields(plugins)[name]).plugins).includes("trigger");
  const named = files.flatMap(({ content }) =>
    [fields(content).presubmits, fields(content).postsubmits].flatMap((jobs) => Object.keys(fields(jobs))),
  );
  const without = [...new Set(named)].filter((name) => !served(name) && !served(name.split("/")[0] ?? "")).toSorted();
  return without.length === 0
    ? []
    : [`plugins.yaml has no plugin trigger for these, so nothing starts their jobs: ${without.join(", ")}`];
}

/** Files of one name would overwrite each other: the key is the base name. */
function doubles(files: readonly JobFile[]): readonly string[] {
  return Object.entries(Object.groupBy(files, jobKey)).flatMap(([key, same = []]) =>
    same.length > 1
      ? [`${same.map((one) => one.path).join(" and ")} have one base name, and ${key} is the key of job-config`]
      : [],
  );
}
