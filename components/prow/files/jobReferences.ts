/** Secrets and ConfigMaps that jobs mount and must find, or their pods wait for them. */
import { type Fields, fields, jobsOf, list, type ParsedFile, runsHere } from "./jobFiles.ts";
import { type PlacedPreset, presetsOf } from "./jobPresets.ts";

/** What there is for jobs to name. */
export interface JobContext {
  /** Secrets of the jobs' namespace. */
  readonly secrets: readonly string[];
  /** ConfigMaps of the jobs' namespace. */
  readonly configMaps: readonly string[];
  /** Contexts that mean this cluster. */
  readonly ownContexts: readonly string[];
}

/** What jobs of this cluster ask for and do not find, themselves and by their presets; a sentence each. */
export function missingObjects(
  files: readonly ParsedFile[],
  presets: readonly PlacedPreset[],
  context: JobContext,
): readonly string[] {
  const there = { Secret: new Set(context.secrets), ConfigMap: new Set(context.configMaps) };
  return files.flatMap(({ file, content }) =>
    jobsOf(fields(content))
      .filter((job) => runsHere(job, context.ownContexts))
      .flatMap((job) => {
        const given = presetsOf(job, presets).flatMap(({ preset }) => podReferences(preset));
        return objectProblems(`${file.path}: job ${String(job.name)}`, [...references(job), ...given], there);
      }),
  );
}

/** Jobs that no name tells apart, a sentence each. */
export function namelessJobs(files: readonly ParsedFile[]): readonly string[] {
  return files.flatMap(({ file, content }) =>
    jobsOf(fields(content)).flatMap(({ name }) =>
      typeof name === "string" ? [] : [`${file.path}: a job has no name`],
    ),
  );
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
