/** What jobs and presets are to each other, as Prow sees it when it loads them. */
import { fields, jobsOf, list, type Fields, type ParsedFile } from "./jobFiles.ts";

/** A preset and where it is. */
export interface PlacedPreset {
  readonly preset: Fields;
  /** `config.yaml`, or a file of jobs. */
  readonly file: string;
}

const labelsOf = (one: Fields): readonly (readonly [label: string, value: unknown])[] =>
  Object.entries(fields(one.labels));

/** The presets that files of jobs bring. */
export function presetsIn(files: readonly ParsedFile[]): readonly PlacedPreset[] {
  return files.flatMap(({ file, content }) =>
    list(fields(content).presets).map((preset) => ({ preset: fields(preset), file: file.path })),
  );
}

/** A label with its value that two presets have: Prow ends on it. A sentence each. */
export function doubledPresets(presets: readonly PlacedPreset[]): readonly string[] {
  const pairs = presets.flatMap(({ preset, file }) =>
    labelsOf(preset).map(([label, value]) => ({ pair: `${label}: ${JSON.stringify(value)}`, file })),
  );
  return Object.entries(Object.groupBy(pairs, ({ pair }) => pair)).flatMap(([pair, same = []]) =>
    same.length > 1
      ? [`${same.map(({ file }) => file).join(" and ")} have a preset for ${pair}, and Prow ends on two`]
      : [],
  );
}

/** Labels that jobs give and no preset has, with the first job that does. `false` asks for none. */
export function missingLabels(
  files: readonly ParsedFile[],
  presets: readonly PlacedPreset[],
): ReadonlyMap<string, { readonly job: string; readonly jobs: number }> {
  const known = new Set(presets.flatMap(({ preset }) => labelsOf(preset).map(([label]) => label)));
  const missing = new Map<string, { job: string; jobs: number }>();
  for (const { file, content } of files) {
    for (const job of jobsOf(fields(content))) {
      for (const [label, value] of labelsOf(job)) {
        if (!label.startsWith("preset-") || known.has(label) || value === "false") continue;
        const first = missing.get(label) ?? { job: `${file.path}: job ${String(job.name)}`, jobs: 0 };
        missing.set(label, { ...first, jobs: first.jobs + 1 });
      }
    }
  }
  return missing;
}

/** The presets that a job gets: those all of whose labels it has. */
export function presetsOf(job: Fields, presets: readonly PlacedPreset[]): readonly PlacedPreset[] {
  const own = fields(job.labels);
  return presets.filter(({ preset }) => labelsOf(preset).every(([label, value]) => own[label] === value));
}

/** Variables, volumes and mounts that a job would have twice by its presets: Prow ends on them. A sentence each. */
export function clashes(files: readonly ParsedFile[], presets: readonly PlacedPreset[]): readonly string[] {
  return files.flatMap(({ file, content }) =>
    jobsOf(fields(content)).flatMap((job) => {
      const spec = fields(job.spec);
      const given = presetsOf(job, presets).map(({ preset }) => preset);
      const lists = (of: string): readonly (readonly unknown[])[] => given.map((preset) => list(preset[of]));
      const containers = list(spec.containers).map(fields);
      const twice = [
        ...repeated("volume", [list(spec.volumes), ...lists("volumes")]),
        ...containers.flatMap((one) => [
          ...repeated("variable", [list(one.env), ...lists("env")]),
          ...repeated("mount of", [list(one.volumeMounts), ...lists("volumeMounts")]),
        ]),
      ];
      return [...new Set(twice)].map(
        (what) => `${file.path}: job ${String(job.name)} has ${what} twice by its presets`,
      );
    }),
  );
}

/** Names that are in more than one of the lists. Duplicates within one list are not reported. */
function repeated(kind: string, groups: readonly (readonly unknown[])[]): readonly string[] {
  const names = groups.flatMap((group) => [...new Set(group.map((item) => fields(item).name))]);
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${kind} ${String(name)}`);
}
