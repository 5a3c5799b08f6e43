/** Why a pod is not ready, in the words of the kubelet and the scheduler. */
import { asList, asObject, asText, type Json } from "../../../../policy/manifest.ts";
import type { LiveObject } from "../clusterReader.ts";
import { span } from "../row.ts";

/** Minutes for which a restart is worth a row. */
const recent = 10;

/** Longest message of a container that is repeated, in characters. */
const longest = 160;

/** Whether a pod still has work to do. */
export const isAlive = ({ metadata, status }: LiveObject): boolean =>
  metadata.deletionTimestamp === undefined && status?.phase !== "Succeeded";

/** What keeps a pod from being ready; undefined if nothing does. */
export function podProblem(pod: LiveObject): string | undefined {
  const { status = {} } = pod;
  const name = `pod ${pod.metadata.name}`;
  const conditions = asList(status.conditions);
  const unscheduled = conditions.find(({ type, status: is }) => type === "PodScheduled" && is === "False");
  if (unscheduled !== undefined) return `${name}: ${said(unscheduled)}`;
  const containers = [...asList(status.initContainerStatuses), ...asList(status.containerStatuses)];
  for (const one of containers) {
    const reason = containerProblem(one);
    if (reason !== undefined) return `${name}, container ${asText(one.name)}: ${reason}`;
  }
  if (status.phase === "Failed") return `${name}: ${said(status)}`;
  const unready = asList(status.containerStatuses).find(({ ready }) => ready !== true);
  if (unready !== undefined) return `${name}, container ${asText(unready.name)}: runs, but its readiness probe fails`;
  if (conditions.some(({ type, status: is }) => type === "Ready" && is === "True")) return undefined;
  return status.phase === "Running" ? undefined : `${name} is ${asText(status.phase) || "unknown"}`;
}

/** What the state of a container says is wrong. */
function containerProblem({ state, lastState }: Json): string | undefined {
  const { waiting, terminated } = asObject(state);
  if (waiting !== undefined) {
    const before = asObject(asObject(lastState).terminated);
    const end = before.exitCode === undefined ? "" : `, ended last with ${exit(before)}`;
    return asText(asObject(waiting).reason) === "PodInitializing" ? undefined : `${said(asObject(waiting))}${end}`;
  }
  const ended = asObject(terminated);
  return terminated === undefined || ended.exitCode === 0 ? undefined : `ended with ${exit(ended)}`;
}

/** Containers that were restarted in the last {@link recent} minutes. */
export function restartProblem(pod: LiveObject, now: Date): string | undefined {
  const restarted = asList(pod.status?.containerStatuses).flatMap((one) => {
    const last = asObject(asObject(one.lastState).terminated);
    const age = now.getTime() - Date.parse(asText(last.finishedAt));
    return age < recent * 60_000
      ? [
          `container ${asText(one.name)} was restarted ${span(age)} ago, for the ${String(one.restartCount)}. time: ${exit(last)}`,
        ]
      : [];
  });
  return restarted.length === 0 ? undefined : `pod ${pod.metadata.name}, ${restarted.join(", ")}`;
}

/** Without the container's own last words, which may be anything. */
function exit({ exitCode, reason }: Json): string {
  return `exit code ${String(exitCode)}${asText(reason) === "" ? "" : ` (${asText(reason)})`}`;
}

function said({ reason, message }: Json): string {
  const text = [asText(reason), asText(message)].filter((one) => one !== "").join(": ");
  const [line = ""] = text.split("\n");
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
