/**
 * The strategies of DeploymentConfigs: the next thing to do while a version replaces the one before it. No pod deploys here.
 * Source: re-implemented after github.com/openshift/oc, pkg/cli/deployer/strategy.
 */
import { desiredOf, madeFrom, type ReplicationController, type Strategy } from "./objects.ts";

/** A step: another number of pods, the end, or nothing as long as the pods change. */
export type Step = { readonly scale: ReplicationController; readonly to: number } | "complete" | "wait";

/** Seconds without progress after which a rollout has failed. */
export const timeoutOf = ({ recreateParams, rollingParams }: Strategy = {}): number =>
  rollingParams?.timeoutSeconds ?? recreateParams?.timeoutSeconds ?? 600;

/**
 * The next step of a rollout.
 * @param from - the last version that succeeded, if there is one
 * @param ended - whether no pod of it runs any more
 * @throws for a strategy that is not read
 */
export function nextStep(to: ReplicationController, from: ReplicationController | undefined, ended: boolean): Step {
  const { type = "Rolling" } = madeFrom(to).strategy ?? {};
  if (type !== "Rolling" && type !== "Recreate") throw new Error(`strategy ${type} is not run in the lab`);
  if (!isSettled(to) || (from !== undefined && !isSettled(from))) return "wait";
  return type === "Rolling" && from !== undefined ? roll(to, from) : recreate(to, from, ended);
}

/** Whether the controller of pods has seen the latest number, and has made or removed pods. */
const isSettled = ({ metadata, spec, status }: ReplicationController): boolean =>
  (status?.observedGeneration ?? 0) >= metadata.generation && status?.replicas === spec.replicas;

const availableOf = ({ status }: ReplicationController): number => status?.availableReplicas ?? 0;

/** Old pods end before the first new one starts; with old pods before it, the first new one must become available. */
function recreate(to: ReplicationController, from: ReplicationController | undefined, ended: boolean): Step {
  const [desired, now] = [desiredOf(to), to.spec.replicas];
  if (from !== undefined && from.spec.replicas !== 0) return { scale: from, to: 0 };
  if (!ended) return "wait";
  if (now !== desired) {
    const first = from === undefined ? desired : Math.min(1, desired);
    if (now === 0) return { scale: to, to: first };
    return availableOf(to) === now ? { scale: to, to: desired } : "wait";
  }
  const accepted = from !== undefined && desired > 1;
  return accepted || availableOf(to) === desired ? "complete" : "wait";
}

/** New pods and old ones at once, within the bounds of the strategy. */
function roll(to: ReplicationController, from: ReplicationController): Step {
  const [desired, now, old] = [desiredOf(to), to.spec.replicas, from.spec.replicas];
  if (now === desired && old === 0) return "complete";
  const { surge, unavailable } = boundsOf(madeFrom(to).strategy, desired);
  const up = old === 0 ? desired : Math.min(desired, Math.max(now, desired + surge - old));
  if (up !== now) return { scale: to, to: up };
  if (old === 0) return "wait";
  const available = availableOf(to);
  const least = desired === 0 ? 0 : Math.max(0, desired - unavailable);
  const fewer = old + now - least - (now - available);
  const down = now === desired && available === desired ? 0 : Math.max(0, old - Math.max(0, fewer));
  return down === old ? "wait" : { scale: from, to: down };
}

/** How many pods may be too many or unavailable; 25 % unless one of them is given. */
export function boundsOf(strategy: Strategy | undefined, desired: number): { surge: number; unavailable: number } {
  const { maxSurge, maxUnavailable } = strategy?.rollingParams ?? {};
  const none = (value: number | string | undefined): boolean => value === 0 || value === "0%";
  const other = (value: number | string | undefined, another: number | string | undefined): number | string =>
    value ?? (another === undefined || none(another) ? "25%" : 0);
  const surge = countOf(other(maxSurge, maxUnavailable), desired, Math.ceil);
  const unavailable = countOf(other(maxUnavailable, maxSurge), desired, Math.floor);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function countOf(value: number | string, of: number, round: (value: number) => number): number {
  return typeof value === "number" ? value : round((Number.parseInt(value, 10) * of) / 100);
}
