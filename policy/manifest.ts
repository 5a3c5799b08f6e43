/** Kubernetes objects as rules see them: a render's and a policy pack's resources look the same here. */

/** An untyped JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** One Kubernetes object that the program declares. */
export interface Manifest {
  /** Which cluster it is for: the URN of its provider. */
  readonly cluster: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly body: Json;
}

/** The manifest of a resource, or undefined when it is no Kubernetes object. */
export function toManifest(type: string, inputs: Json, cluster = ""): Manifest | undefined {
  if (!/^kubernetes:.*:/.test(type) || text(inputs.kind) === "") {
    return undefined;
  }
  const { namespace, name } = object(inputs.metadata);
  const [apiVersion, kind] = [text(inputs.apiVersion), text(inputs.kind)];
  return { cluster, apiVersion, kind, namespace: text(namespace), name: text(name), body: inputs };
}

/** `Kind namespace/name`, for messages. */
export function title({ kind, namespace, name }: Manifest): string {
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
}

/** The pod of a workload and what surrounds it. */
export interface PodOf {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Json;
  readonly spec: Json;
  /** Init containers and containers. */
  readonly containers: readonly Json[];
}

/** The pod template of a Deployment, StatefulSet, DaemonSet, Job or CronJob. */
export function podOf({ kind, body }: Manifest): PodOf | undefined {
  const spec = object(body.spec);
  const templates: Readonly<Record<string, unknown>> = {
    Deployment: spec.template,
    StatefulSet: spec.template,
    DaemonSet: spec.template,
    Job: spec.template,
    CronJob: object(object(spec.jobTemplate).spec).template,
  };
  if (!(kind in templates)) {
    return undefined;
  }
  const template = object(templates[kind]);
  const pod = object(template.spec);
  const { labels, annotations } = object(template.metadata);
  return {
    labels: texts(labels),
    annotations: object(annotations),
    spec: pod,
    containers: [...list(pod.initContainers), ...list(pod.containers)],
  };
}

/** Names of the containers ("pod" for the pod itself) that a workload excepts from a rule. */
export function excepted({ body }: Manifest, rule: string): ReadonlySet<string> {
  const annotation = text(object(object(body.metadata).annotations)[`orrery/exception-${rule}`]);
  return new Set(annotation.split("\n").map((line) => line.split(":")[0] ?? ""));
}

/** The value if it is an object, otherwise {}. */
export function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** The value if it is a list, its items as objects, otherwise []. */
export function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

/** The value if it is text, otherwise "". */
export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The members of an object that are text. */
export function texts(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(object(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(entries);
}
