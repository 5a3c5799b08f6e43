/** Kubernetes objects as the policies read them, from a render or from a policy pack. */

/** An untyped JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** One Kubernetes object that the program declares. */
export interface Manifest {
  /** The object's cluster: the URN of its provider. */
  readonly cluster: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly body: Json;
}

/** The manifest of a resource, or undefined if it is not a Kubernetes object. */
export function toManifest(type: string, inputs: Json, cluster = ""): Manifest | undefined {
  if (!/^kubernetes:.*:/.test(type) || asText(inputs.kind) === "") {
    return undefined;
  }
  const { namespace, name } = asObject(inputs.metadata);
  const [apiVersion, kind] = [asText(inputs.apiVersion), asText(inputs.kind)];
  return { cluster, apiVersion, kind, namespace: asText(namespace), name: asText(name), body: inputs };
}

/** `Kind namespace/name`, for messages. */
export function title({ kind, namespace, name }: Manifest): string {
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
}

/** The pod template of a workload. */
export interface PodOf {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Json;
  readonly spec: Json;
  /** Init containers and containers. */
  readonly containers: readonly Json[];
}

/** The pod template of a Deployment, StatefulSet, DaemonSet, Job or CronJob. */
export function podOf({ kind, body }: Manifest): PodOf | undefined {
  const spec = asObject(body.spec);
  const templates: Readonly<Record<string, unknown>> = {
    Deployment: spec.template,
    StatefulSet: spec.template,
    DaemonSet: spec.template,
    Job: spec.template,
    CronJob: asObject(asObject(spec.jobTemplate).spec).template,
  };
  if (!(kind in templates)) {
    return undefined;
  }
  const template = asObject(templates[kind]);
  const pod = asObject(template.spec);
  const { labels, annotations } = asObject(template.metadata);
  return {
    labels: asTexts(labels),
    annotations: asObject(annotations),
    spec: pod,
    containers: [...asList(pod.initContainers), ...asList(pod.containers)],
  };
}

/** Names of the containers ("pod" for the pod itself) that a workload exempts from a policy. */
export function exemptedFrom({ body }: Manifest, rule: string): ReadonlySet<string> {
  const annotation = asText(asObject(asObject(body.metadata).annotations)[`orrery/exception-${rule}`]);
  return new Set(annotation.split("\n").map((line) => line.split(":")[0] ?? ""));
}

/** The value if it is an object, otherwise {}. */
export function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** The object without some of its keys. */
export function omit(object: Json, ...keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** The value if it is a list, its items as objects, otherwise []. */
export function asList(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

/** The value if it is a string, otherwise "". */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The members of an object that are strings. */
export function asTexts(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(asObject(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(entries);
}
