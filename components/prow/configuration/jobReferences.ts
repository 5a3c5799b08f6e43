/** What jobs name and must find: presets, Secrets and ConfigMaps. */
import type { Preset } from "./presets.ts";
import type { JobFile } from "./jobs.ts";

/** What there is for jobs to name. */
export interface JobGround {
  readonly presets: readonly Preset[];
  /** Secrets of the jobs' namespace. */
  readonly secrets: readonly string[];
  /** ConfigMaps of the jobs' namespace. */
  readonly configMaps: readonly string[];
}

/** A job file's content. */
export interface ParsedFile {
  readonly file: JobFile;
  readonly content: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** What is wrong with what the jobs name, a sentence each. Jobs on other clusters find other Secrets, so only presets count. */
export function jobProblems(files: readonly ParsedFile[], ground: JobGround): readonly string[] {
  const own = files.flatMap(({ content }) => list(fields(content).presets).map(fields));
  const labels = new Set([...ground.presets, ...own].flatMap((preset) => Object.keys(fields(preset.labels))));
  const there = { Secret: new Set(ground.secrets), ConfigMap: new Set(ground.configMaps) };
  return files.flatMap(({ file, content }) => [
    ...list(fields(content).presets).flatMap((preset) =>
      objectProblems(`${file.path}: a preset`, podReferences(fields(preset)), there),
    ),
    ...jobsOf(fields(content)).flatMap((job) => {
      if (typeof job.name !== "string") return [`${file.path}: a job has no name`];
      const title = `${file.path}: job ${job.name}`;
      const missing = Object.keys(fields(job.labels)).filter((one) => /^preset-/.test(one) && !labels.has(one));
      const elsewhere = job.cluster !== undefined && job.cluster !== "default";
      return [
        ...missing.map((one) => `${title} names ${one}, and no preset has that label`),
        ...(elsewhere ? [] : objectProblems(title, references(job), there)),
      ];
    }),
  ]);
}

function jobsOf(content: Fields): readonly Fields[] {
  const byRepository = [content.presubmits, content.postsubmits].flatMap((one) => Object.values(fields(one)));
  return [...byRepository, content.periodics].flatMap((one) => list(one).map(fields));
}

/** An object that must be in the jobs' namespace. */
interface Reference {
  readonly kind: "Secret" | "ConfigMap";
  readonly name: unknown;
  readonly optional?: unknown;
}

function objectProblems(
  title: string,
  named: readonly Reference[],
  there: Readonly<Record<Reference["kind"], ReadonlySet<string>>>,
): readonly string[] {
  const missing = named.flatMap(({ kind, name, optional }) =>
    typeof name !== "string" || optional === true || there[kind].has(name)
      ? []
      : [`${title} needs ${kind} ${name}, which the jobs' namespace does not get`],
  );
  return [...new Set(missing)];
}

function references(job: Fields): readonly Reference[] {
  const decoration = fields(job.decoration_config);
  const secrets = [
    decoration.gcs_credentials_secret,
    decoration.cookiefile_secret,
    ...list(decoration.ssh_key_secrets),
  ];
  return [...secrets.map((name) => ({ kind: "Secret" as const, name })), ...podReferences(fields(job.spec))];
}

/** References of a pod's spec, or of a preset, which has its volumes and variables in the same places. */
function podReferences(spec: Fields): readonly Reference[] {
  const containers = [...list(spec.containers), ...list(spec.initContainers), spec].map(fields);
  const sources = list(spec.volumes)
    .map(fields)
    .flatMap((volume) => [volume, ...list(fields(volume.projected).sources).map(fields)]);
  const found = [
    ...sources.flatMap(({ secret, configMap }) => [
      { kind: "Secret" as const, ...reference(secret, "secretName") },
      { kind: "ConfigMap" as const, ...reference(configMap, "name") },
    ]),
    ...containers.flatMap(({ env, envFrom }) => [
      ...list(env).flatMap((variable) => keyReferences(fields(fields(variable).valueFrom))),
      ...list(envFrom).flatMap((source) => [
        { kind: "Secret" as const, ...reference(fields(source).secretRef, "name") },
        { kind: "ConfigMap" as const, ...reference(fields(source).configMapRef, "name") },
      ]),
    ]),
    ...list(spec.imagePullSecrets).map((one) => ({ kind: "Secret" as const, ...reference(one, "name") })),
  ];
  return found.filter(({ name }) => name !== undefined);
}

function keyReferences(valueFrom: Fields): readonly Reference[] {
  return [
    { kind: "Secret", ...reference(valueFrom.secretKeyRef, "name") },
    { kind: "ConfigMap", ...reference(valueFrom.configMapKeyRef, "name") },
  ];
}

/** A projected Secret has `name` where a volume's has `secretName`. */
function reference(source: unknown, key: string): { name: unknown; optional?: unknown } {
  const { optional, name, [key]: named = name } = fields(source);
  return { name: named, ...(optional === undefined ? {} : { optional }) };
}
