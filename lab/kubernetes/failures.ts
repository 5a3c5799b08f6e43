/** Why pods do not run, in the words of the cluster and of the container itself. */
import type { KubeObject } from "./api.ts";

interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state?: State;
  readonly lastState?: State;
}

interface State {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: Terminated;
}

interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
}

export interface FailingPod extends KubeObject {
  readonly status: {
    /** Of the pod as a whole: it was evicted, or its node refused it. */
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface ClusterEvent extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
    readonly fieldPath?: string;
    readonly uid?: string;
  };
}

/** Something that keeps a pod from running. */
export interface Failure {
  /** `namespace/pod`, or the object that cannot make its pods. */
  readonly object: string;
  /** @default none: the pod as a whole fails */
  readonly container?: string;
  /** What the cluster says. */
  readonly reason: string;
  /** Whether the container ran and has a log: of the run before, or of this one. */
  readonly log?: "previous" | "current";
}

/** Failures of containers that have not started are said by the kubelet. */
const unstarted =
  /^(ErrImage|ImagePull|ImageInspect|InvalidImage|CreateContainer|RunContainer|PreCreateHook|PostStartHook)/;

/** Everything that fails among pods, with the cluster's warnings about them. */
export function failuresOf(pods: readonly FailingPod[], events: readonly ClusterEvent[]): Failure[] {
  const warnings = events.filter(({ type }) => type === "Warning");
  const made = pods.flatMap((pod) => podFailures(pod, warnings));
  const unmade = warnings
    .filter(({ reason }) => reason === "FailedCreate")
    .map(({ involvedObject: { kind, name, namespace }, message }) => ({
      object: `${namespace ?? ""}/${name}`,
      reason: `${kind} cannot make its pods: ${message}`,
    }));
  return [...made, ...unmade];
}

function podFailures(pod: FailingPod, warnings: readonly ClusterEvent[]): Failure[] {
  const { metadata, status } = pod;
  if (metadata.deletionTimestamp !== undefined) return [];
  const object = `${metadata.namespace ?? ""}/${metadata.name}`;
  if (status.reason !== undefined) return [{ object, reason: `${status.reason}: ${status.message?.trim() ?? ""}` }];
  const about = warnings.filter(({ involvedObject }) => involvedObject.uid === metadata.uid);
  const unplaced = status.conditions?.find((one) => one.type === "PodScheduled" && one.status === "False");
  if (unplaced !== undefined) return [{ object, reason: `no node takes it: ${unplaced.message ?? ""}` }];
  const mount = about.filter(({ reason }) => reason === "FailedMount").at(-1);
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const waiting = statuses.some(
    ({ state }) => state?.waiting?.reason === "ContainerCreating" || state?.waiting?.reason === "PodInitializing",
  );
  if (mount !== undefined && waiting) return [{ object, reason: mount.message }];
  return statuses.flatMap((one) => containerFailure(object, one, about));
}

/** What a restarted node says of a container that ended with it, which did nothing wrong. */
const lostWithNode = ({ reason, exitCode }: Terminated): boolean => reason === "Unknown" && exitCode === 255;

function containerFailure(object: string, status: ContainerStatus, about: readonly ClusterEvent[]): Failure[] {
  const { name, ready, state, lastState, restartCount } = status;
  const { waiting, terminated } = state ?? {};
  const failure = { object, container: name };
  if (waiting?.reason !== undefined && unstarted.test(waiting.reason)) {
    return [{ ...failure, reason: [waiting.reason, waiting.message].filter(Boolean).join(": ") }];
  }
  const ended = terminated ?? (ready ? undefined : lastState?.terminated);
  if (ended !== undefined && ended.exitCode !== 0 && !lostWithNode(ended)) {
    const times = restartCount === 0 ? "" : `, restarted ${restartCount} time${restartCount === 1 ? "" : "s"}`;
    const why = ended.reason === undefined || ended.reason === "Error" ? "" : ` (${ended.reason})`;
    const said = ended.message === undefined || ended.message === "" ? "" : `: ${ended.message.trim()}`;
    const log = terminated === undefined ? "previous" : "current";
    return [{ ...failure, reason: `ended with exit code ${ended.exitCode}${why}${times}${said}`, log }];
  }
  const probe = about.filter(
    ({ reason, involvedObject }) => reason === "Unhealthy" && involvedObject.fieldPath?.endsWith(`{${name}}`) === true,
  );
  const last = probe.at(-1);
  return ready || last === undefined || state?.running === undefined
    ? []
    : [{ ...failure, reason: last.message.trim(), log: "current" }];
}

/** What a caller must be able to ask a cluster for: any GET path, as JSON or as text. */
export interface ClusterReader {
  get<T>(path: string): Promise<T>;
  /** @throws if the container has no such log */
  text(path: string): Promise<string>;
}

/** Lines of a log that are shown. */
const lines = 5;

/** One paragraph a failure: pod and container, the reason, and the container's last words, indented. */
export async function describeFailures(reader: ClusterReader, failures: readonly Failure[]): Promise<string[]> {
  return Promise.all(
    failures.map(async (failure) => {
      const { object, container, reason, log } = failure;
      const words = log === undefined ? [] : await lastWords(reader, failure);
      const head = container === undefined ? `${object}: ${reason}` : `${object}, container ${container}: ${reason}`;
      return [head, ...words.map((line) => `    ${line}`)].join("\n");
    }),
  );
}

async function lastWords(reader: ClusterReader, { object, container = "", log }: Failure): Promise<string[]> {
  const [namespace = "", pod = ""] = object.split("/");
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${container}&tailLines=${lines}`;
  const said = await reader
    .text(log === "previous" ? `${path}&previous=true` : path)
    .catch(() => reader.text(path).catch(() => ""));
  return said
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => line.slice(0, 300));
}
