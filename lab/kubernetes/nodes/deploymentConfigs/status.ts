/**
 * The status of a DeploymentConfig.
 * Source: re-implemented after github.com/openshift/openshift-controller-manager, pkg/apps/deploymentconfig.
 */
import {
  type Condition,
  type DeploymentConfig,
  isCancelled,
  phaseOf,
  type ReplicationController,
  type Status,
  versionOf,
} from "./objects.ts";
import { boundsOf } from "./strategies.ts";

/**
 * The status that a config has to have; equal to its own if nothing changes.
 * @param observed - whether everything that its spec asks for has been started
 * @param noted - conditions that only the caller knows
 */
export function statusOf(
  config: DeploymentConfig,
  rollouts: readonly ReplicationController[],
  observed: boolean,
  now: Date,
  noted: readonly Condition[] = [],
): Status {
  const { spec, status = {}, metadata } = config;
  const { latestVersion = 0, observedGeneration = 0, details, conditions = [] } = status;
  const latest = rollouts.find((one) => versionOf(one) === latestVersion);
  const sum = (count: (one: ReplicationController) => number | undefined): number =>
    rollouts.reduce((all, one) => all + (count(one) ?? 0), 0);
  const availableReplicas = sum((one) => one.status?.availableReplicas);
  const counts = {
    replicas: sum((one) => one.status?.replicas),
    updatedReplicas: latest?.status?.replicas ?? 0,
    availableReplicas,
    unavailableReplicas: Math.max(0, sum((one) => one.spec.replicas) - availableReplicas),
    readyReplicas: sum((one) => one.status?.readyReplicas),
  };
  const { type = "Rolling" } = spec.strategy ?? {};
  const missing = type === "Rolling" ? boundsOf(spec.strategy, spec.replicas).unavailable : 0;
  const enough = availableReplicas > 0 && availableReplicas >= spec.replicas - missing;
  const available = {
    type: "Available",
    status: enough ? "True" : "False",
    message: `Deployment config ${enough ? "has" : "does not have"} minimum availability.`,
  };
  const progress = latest === undefined ? [] : progressOf(latest, status, counts);
  return {
    latestVersion,
    observedGeneration: observed ? metadata.generation : observedGeneration,
    ...counts,
    ...(details === undefined ? {} : { details }),
    conditions: [available, ...progress, ...noted].reduce((all, one) => withCondition(all, one, now), conditions),
  };
}

function progressOf(
  latest: ReplicationController,
  before: Status,
  now: Required<Pick<Status, "replicas" | "updatedReplicas">>,
): readonly Condition[] {
  const rollout = `replication controller "${latest.metadata.name}"`;
  const condition = (status: string, reason: string, message: string): readonly Condition[] => [
    { type: "Progressing", status, reason, message },
  ];
  switch (phaseOf(latest)) {
    case "Running": {
      const { replicas = 0, updatedReplicas = 0 } = before;
      const fewer = now.replicas - now.updatedReplicas < replicas - updatedReplicas;
      if (now.updatedReplicas <= updatedReplicas && !fewer) return [];
      return condition("True", "ReplicationControllerUpdated", `${rollout} is progressing`);
    }
    case "Failed":
      return isCancelled(latest)
        ? condition("False", "RolloutCancelled", `rollout of ${rollout} was cancelled`)
        : condition("False", "ProgressDeadlineExceeded", `${rollout} has failed progressing`);
    case "Complete":
      return condition("True", "NewReplicationControllerAvailable", `${rollout} successfully rolled out`);
    default:
      return [];
  }
}

/** A condition keeps its times as long as it says the same. */
function withCondition(all: readonly Condition[], condition: Condition, now: Date): readonly Condition[] {
  const before = all.find(({ type }) => type === condition.type);
  const same = before?.status === condition.status;
  if (same && (before.reason ?? "") === (condition.reason ?? "")) return all;
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  const lastTransitionTime = same ? (before.lastTransitionTime ?? time) : time;
  const others = all.filter(({ type }) => type !== condition.type);
  return [...others, { ...condition, lastUpdateTime: time, lastTransitionTime }];
}
