/** Searches for what failed creations made, once the state is repaired, and imports it. */
import { UsageError } from "../../../../cli/usage.ts";
import type { Deployment, PendingOperation } from "../deployment.ts";
import { exported } from "../export.ts";
import { type Known, resolvePending } from "./pending.ts";
import { componentsAbove, dependsOnUnknown, possiblyCreated, type PlannedStep, plannedSteps } from "./orphaned.ts";
import { importState, refresh } from "../importState.ts";
import type { WorkingCopy } from "../workingCopy.ts";
import { isOpen, resolved, type Resolution, resolutionText } from "./resolution.ts";

/** What is searched for after the state was repaired. */
export interface Search extends Known {
  /** What was resolved before. */
  readonly interrupted: readonly PendingOperation[];
  readonly say: (line: string) => void;
}

/**
 * Takes into the state what failed creations made, and looks again for what hangs on it: a state that was restored lacks both the group
 * and its rules, and a rule is known by its group only. @returns what was found, of which what is open was left alone
 */
export async function importOrphaned(working: WorkingCopy, search: Search): Promise<readonly Resolution[]> {
  const taken: Resolution[] = [];
  for (;;) {
    const steps = await plannedSteps(working.copy);
    if (taken.length === 0) checkAnswers(search, steps);
    const found = await takeOnce(working, steps, search);
    const fresh = found.filter(({ does, urn }) => does === "take" && !taken.some((one) => one.urn === urn));
    taken.push(...fresh);
    if (fresh.length > 0 && dependsOnUnknown(steps)) continue;
    const open = found.filter(isOpen);
    for (const resolution of open) search.say(resolutionText(resolution));
    return [...taken, ...open];
  }
}

/** What is found of these steps' creations; what is clear is taken in. */
async function takeOnce(
  { copy, push }: WorkingCopy,
  steps: readonly PlannedStep[],
  search: Search,
): Promise<readonly Resolution[]> {
  const { version, deployment } = await exported(copy);
  const pending = possiblyCreated(steps);
  const resolutions = await resolvePending({ ...deployment, pending_operations: pending }, search);
  const found = resolutions.filter(({ does }) => does !== "clear");
  const takes = found.filter(({ does }) => does === "take");
  for (const resolution of takes) search.say(resolutionText(resolution));
  if (takes.length > 0) {
    const taken = pending.filter(({ resource }) => takes.some(({ urn }) => urn === resource.urn));
    const above = componentsAbove(steps, taken.map(({ resource }) => resource)); // prettier-ignore
    const resources = [...(deployment.resources ?? []), ...above];
    const repaired = resolved({ ...deployment, resources, pending_operations: pending }, found);
    await importState(copy, { version, deployment: repaired });
    await push();
    await refresh(copy).finally(push);
  }
  return found;
}

/** @throws UsageError for an answer to what nobody asked */
function checkAnswers({ answers: { take, clear }, interrupted }: Search, steps: readonly PlannedStep[]): void {
  const planned = steps.flatMap(({ newState }) => newState ?? []);
  const asked = new Set([...interrupted.map(({ resource }) => resource), ...planned].map(({ urn }) => urn));
  const wrong = [...take.keys(), ...clear].find((urn) => !asked.has(urn));
  if (wrong !== undefined)
    throw new UsageError(`no creation of ${wrong} was interrupted; --dry-run lists those that were`);
}

/** Names of servers that ended in ERROR: they are there, and no update starts them. */
export function brokenServers({ resources }: Deployment): readonly string[] {
  return (resources ?? []).flatMap(({ type, delete: goes, inputs, outputs }) =>
    type === "openstack:compute/instance:Instance" && goes !== true && outputs?.powerState === "error"
      ? [String(inputs?.name)]
      : [],
  );
}
