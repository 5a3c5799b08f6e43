/** Looks at the clouds for each creation that was interrupted. */
import type { StackValues } from "../../stack.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { type CloudApi, openCloud } from "../../cloud/openstack.ts";
import type { Deployment, PendingOperation } from "../deployment.ts";
import { isSearchable, isInProgress, type Candidate, candidatesOf } from "./candidates.ts";
import { cloudOf, type OtherStacks } from "./otherStacks.ts";
import { type Answers, type Resolution, resolutionOffline, resolutionOf } from "./resolution.ts";

/** Milliseconds after which a request that was on its way when its sender died is answered, or never will be. */
const onItsWay = 5_000;

/** Milliseconds that a resource may take to be created. */
const timeout = 300_000;

/** What creations are resolved by. */
export interface Known {
  /** When the interrupted update began, if anything says so. */
  readonly since: Date | undefined;
  readonly answers: Answers;
  readonly others: OtherStacks;
  readonly values: StackValues;
}

/** A resolution on every pending creation. @throws if an answer takes what another stack has */
export async function resolvePending(
  { resources, pending_operations: pending }: Deployment,
  { since, answers, others, values }: Known,
): Promise<readonly Resolution[]> {
  const clouds = new Map<string, Promise<CloudApi>>();
  const look = async (operation: PendingOperation): Promise<Resolution> => {
    const { urn, type, inputs = {}, provider = "" } = operation.resource;
    const at = cloudOf(operation.resource, resources ?? []);
    const ownerOf = (id: string): string | undefined => others.ownerOf(type, id, at);
    const alone = resolutionOffline(operation, answers);
    const owner = alone?.does === "take" ? ownerOf(alone.id) : undefined;
    if (alone?.does === "take" && owner !== undefined) {
      throw new Error(
        `${alone.id} is stack ${owner}'s and cannot be taken in, nothing was changed; if it is not, first: npx pulumi state delete --stack ${owner}`,
      );
    }
    if (alone !== undefined) return alone;
    if (!isSearchable(type, inputs)) return { urn, does: "ask", why: "there is no way to look for it" };
    // <URN of the provider>::<its id>; the provider has the cloud's name
    const name = provider.split("::").at(-2) ?? "";
    const cloud = clouds.get(name) ?? openCloud(name, values);
    clouds.set(name, cloud);
    const known = (resources ?? []).flatMap((one) => (one.type === type && one.id !== undefined ? [one.id] : []));
    const candidates = await candidatesAtRest(await cloud, type, inputs);
    return resolutionOf(operation, candidates, {
      known: new Set(known),
      ownerOf,
      unreadable: others.unreadable,
      since,
    });
  };
  // At once: each that is not there is waited for.
  return Promise.all(creations(pending).map(look));
}

/** The pending operations that may have made something: a component groups others and is nothing itself. */
export const creations = (pending: Deployment["pending_operations"]): readonly PendingOperation[] =>
  (pending ?? []).filter(({ type, resource }) => type === "creating" && resource.custom === true);

/** The candidates once none of them is in progress any more. */
async function candidatesAtRest(
  cloud: CloudApi,
  type: string,
  inputs: Readonly<Record<string, unknown>>,
): Promise<readonly Candidate[]> {
  const began = Date.now();
  let candidates = await candidatesOf(cloud, type, inputs);
  // Once more only: of a failed update's creations most were never begun, and every question costs the cloud something.
  if (candidates.length === 0) {
    await sleep(onItsWay);
    candidates = await candidatesOf(cloud, type, inputs);
  }
  while (candidates.some(isInProgress) && Date.now() - began < timeout) {
    await sleep(1000);
    candidates = await candidatesOf(cloud, type, inputs);
  }
  return candidates;
}
