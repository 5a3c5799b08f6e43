/** Looks for what failed creations made, once the state is mended, and takes it in. */
import type { Values } from "../command.ts";
import { UsageError } from "../command.ts";
import { type Deployment, exported, type PendingOperation } from "./export.ts";
import { lookAtAll } from "./look.ts";
import { componentsAbove, hangsOnUnknown, maybeMade, type PlannedStep, plannedSteps } from "./lost.ts";
import { importState, refresh } from "./mend.ts";
import type { Store } from "./store.ts";
import { type Answers, isOpen, resolved, type Verdict, verdictText } from "./verdict.ts";

/** What is looked for after the state was mended. */
export interface Search {
  /** When the first of the failed updates began, or the state was written. */
  readonly since: Date;
  readonly answers: Answers;
  /** What was judged before. */
  readonly interrupted: readonly PendingOperation[];
  readonly values: Values;
  readonly say: (line: string) => void;
}

/**
 * Takes into the state what failed creations made, and looks again for what hangs on it: a state that was restored lacks both the group
 * and its rules, and a rule is known by its group only. @returns what was found, of which what is open was left alone
 */
export async function takeLost(store: Store, search: Search): Promise<readonly Verdict[]> {
  const taken: Verdict[] = [];
  for (;;) {
    const steps = await plannedSteps(store);
    if (taken.length === 0) checkAnswers(search, steps);
    const found = await takeOnce(store, steps, search);
    const fresh = found.filter(({ does, urn }) => does === "take" && !taken.some((one) => one.urn === urn));
    taken.push(...fresh);
    if (fresh.length > 0 && hangsOnUnknown(steps)) continue;
    const open = found.filter(isOpen);
    for (const verdict of open) search.say(verdictText(verdict));
    return [...taken, ...open];
  }
}

/** What is found of these steps' creations; what is clear is taken in. */
async function takeOnce(
  store: Store,
  steps: readonly PlannedStep[],
  { since, answers, values, say }: Search,
): Promise<readonly Verdict[]> {
  const { version, deployment } = await exported(store);
  const pending = maybeMade(steps);
  const verdicts = await lookAtAll({ ...deployment, pending_operations: pending }, since, answers, values);
  const found = verdicts.filter(({ does }) => does !== "clear");
  const takes = found.filter(({ does }) => does === "take");
  for (const verdict of takes) say(verdictText(verdict));
  if (takes.length > 0) {
    const taken = pending.filter(({ resource }) => takes.some(({ urn }) => urn === resource.urn));
    const above = componentsAbove(steps, taken.map(({ resource }) => resource)); // prettier-ignore
    const resources = [...(deployment.resources ?? []), ...above];
    const mended = resolved({ ...deployment, resources, pending_operations: pending }, found);
    await importState(store, { version, deployment: mended });
    await refresh(store);
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
