/**
 * Creations that failed although the thing was made: the answer was lost on its way, or it was not waited for to the end. OpenStack's
 * provider forgets such a thing, so the state does not have it, and the next update would make it a second time.
 */
import type { PendingOperation, StateResource } from "../deployment.ts";
import { cli } from "../export.ts";
import { lastLine, type Store } from "../store.ts";
import { isSearchable } from "./candidates.ts";

/** An update, as `pulumi stack history --json` prints it; the newest comes first. */
export interface Past {
  readonly kind: string;
  readonly startTime: string;
  readonly result: string;
}

/** When the first of the updates began that have failed since one succeeded; undefined if the last one did. */
export function failingSince(history: readonly Past[]): Date | undefined {
  const updates = history.filter(({ kind }) => kind === "update");
  const good = updates.findIndex(({ result }) => result === "succeeded");
  const failed = good === -1 ? updates : updates.slice(0, good);
  const [first] = failed.slice(-1);
  return first === undefined ? undefined : new Date(first.startTime);
}

/** The stack's updates that came to an end. */
export async function historyOf(store: Store): Promise<readonly Past[]> {
  const { status, stdout, stderr } = await cli(store, ["stack", "history", "--json", "--page-size", "100"]);
  if (status !== 0) throw new Error(`the history of stack ${store.name} cannot be read: ${lastLine(stderr)}`);
  return JSON.parse(stdout) as readonly Past[];
}

/** A step of a preview. */
export interface PlannedStep {
  readonly op: string;
  readonly newState?: StateResource;
}

/** What an input is that is known only once something else was made (the engine's own mark). */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Of what the next update would make in OpenStack: what a failed update may have tried to make, as all of its inputs are known. */
export function possiblyCreated(steps: readonly PlannedStep[]): readonly PendingOperation[] {
  return plannedCreations(steps).filter((one) => !isUnknown(one));
}

/** Whether a planned creation depends on a still unknown id. */
export const dependsOnUnknown = (steps: readonly PlannedStep[]): boolean => plannedCreations(steps).some(isUnknown);

const isUnknown = ({ resource }: PendingOperation): boolean => JSON.stringify(resource.inputs ?? {}).includes(unknown);

function plannedCreations(steps: readonly PlannedStep[]): readonly PendingOperation[] {
  return steps.flatMap(({ op, newState }): readonly PendingOperation[] => {
    if (newState === undefined || !["create", "create-replacement"].includes(op)) return [];
    const { type, inputs = {} } = newState;
    return type.startsWith("openstack:") && isSearchable(type, inputs)
      ? [{ type: "creating", resource: newState }]
      : [];
  });
}

/** The components above these resources that the next update would make, too: those that a restored state does not have. */
export function componentsAbove(
  steps: readonly PlannedStep[],
  below: readonly StateResource[],
): readonly StateResource[] {
  const wanted = new Set(below.map(({ parent }) => parent));
  const made = steps.flatMap(({ op, newState }) => (op === "create" && newState?.custom === false ? [newState] : []));
  for (const { urn, parent } of [...made].reverse()) if (wanted.has(urn)) wanted.add(parent);
  return made.filter(({ urn }) => wanted.has(urn));
}

/** What the next update would do, by the engine's own preview. @throws with the program's complaint if there is none */
export async function plannedSteps(store: Store): Promise<readonly PlannedStep[]> {
  // Without that flag a replacement is one step, of another name.
  const words = ["preview", "--json", "--show-replacement-steps", "--config-file", store.file];
  const { status, stdout, stderr } = await cli(store, words);
  if (status === 0) return (JSON.parse(stdout) as { steps?: readonly PlannedStep[] }).steps ?? [];
  throw new Error(
    `the state is repaired, but what failed creations made could not be searched for (${previewComplaint(stdout, stderr)}); fix that, then run this again`,
  );
}

/** First line of what a failed preview complains of; on standard output it is inside of a JSON text, with its escapes. */
export function previewComplaint(stdout: string, stderr: string): string {
  const complaint = /error: +(.*)/.exec(`${stdout}\n${stderr}`)?.[1] ?? lastLine(stderr);
  const [first = ""] = complaint.split("\\n");
  return first.replaceAll('\\"', '"').replace(/[:\s]+$/, "");
}
