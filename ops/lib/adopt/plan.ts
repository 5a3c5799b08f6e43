/** What runs and what is declared, side by side: what is taken over, what would change then, and what must not be. */
import { isDeepStrictEqual } from "node:util";
import { type Change, compare } from "../../../review/diff/compare.ts";
import type { Recording, Registration } from "../../../review/evaluate/record.ts";
import { secretDigest, rendered } from "../../../review/evaluate/render.ts";
import { titleOf } from "../../../review/report/format.ts";
import type { StackSecrets } from "../secrets/stackSecrets.ts";
import { secretTemplates } from "../secrets/secretKeys.ts";
import type { StackValues } from "../stack.ts";
import { withCluster } from "../program.ts";
import { evaluate } from "./declared.ts";
import { evaluateOnClouds } from "./onClouds.ts";
import type { Adopted } from "./importFile.ts";
import { type Left, unmanaged } from "./unmanaged.ts";
import { adoptedObjects } from "./adoptedObjects.ts";
import { accepts, type Effect } from "./effects.ts";
import { cannotStay, mustStay } from "./replacements.ts";
import type { Takeover } from "./takeover.ts";
import { declaredObjects, findObjects, type FoundObject } from "./objects.ts";
import { adoptPassword, oldPasswords, withPasswords } from "./passwords.ts";
import { sampleProblems } from "./samples.ts";
import type { TerraformResource } from "./terraform.ts";

/** What an adoption would be. */
export interface Plan {
  readonly recording: Recording;
  readonly adopted: ReadonlyMap<string, Adopted>;
  /** Of what is adopted, what the next update would do to it. */
  readonly changes: readonly Change[];
  /** Every field of an adopted Kubernetes object that the first update changes. */
  readonly effects: readonly Effect[];
  /** Those of them on which something depends, and about which nobody decided. */
  readonly undecided: readonly Effect[];
  /** Adopted Kubernetes objects with their fields that become the program's, by cluster. */
  readonly takeovers: ReadonlyMap<string, readonly Takeover[]>;
  /** A sentence each: what runs and is declared, and cannot be adopted as it is. */
  readonly problems: readonly string[];
  /** What runs there without being declared. */
  readonly left: readonly Left[];
  /** Declared, neither in the state nor there. */
  readonly created: readonly Registration[];
}

/**
 * Asks the stack's clusters and clouds; nothing is changed.
 * @param known URNs in the state.
 * @param accepted Patterns of fields that may change although something depends on them.
 */
export async function planAdoption(
  stackSecrets: StackSecrets,
  values: StackValues,
  known: ReadonlySet<string>,
  accepted: readonly string[] = [],
  { isSameImage = isDeepStrictEqual, terraform = [] }: PlanOptions = {},
): Promise<Plan> {
  const { recording: first, world } = await evaluateOnClouds(stackSecrets, values, terraform);
  const found: FoundObject[] = [];
  const left: Left[] = [];
  const lost: string[] = [];
  const templates = await secretTemplates(stackSecrets);
  for (const [cluster, declared] of declaredObjects(first)) {
    await withCluster(stackSecrets, cluster, {}, async (kubectl) => {
      const here = await findObjects(kubectl, declared);
      found.push(...here);
      lost.push(...sampleProblems(stackSecrets, cluster, templates, here));
      left.push(...(await unmanaged(kubectl, cluster, declared)));
    });
  }
  const fresh = found.filter(({ declared }) => !known.has(declared.registration.urn));
  const ambiguous = [...world.problems].filter(([urn]) => !known.has(urn));
  const refused = new Set([...ambiguous.map(([urn]) => urn), ...known]);
  const problems = [...lost, ...ambiguous.map(([, said]) => said)];
  const adopted = new Map([...world.adopted].filter(([urn]) => !known.has(urn)));
  const drawn = first.resources.filter(({ urn }) => !known.has(urn));
  for (const { own, places, values: texts } of oldPasswords(drawn, fresh)) {
    const [old, ...others] = texts;
    if (others.length > 0) problems.push(`${titleOf(own)}: ${places.join(", ")} have different texts; make them agree`);
    else if (old !== undefined) adopted.set(own.urn, adoptPassword(own, old));
  }
  // Once more with the old passwords, so that what uses them is compared with what it would really be.
  const recording = await evaluate(stackSecrets, withPasswords(world, adopted));
  return withObjects(stackSecrets, { recording, fresh, adopted, refused, problems, left, accepted, isSameImage });
}

/** What is known before the clusters are asked about the first update. */
interface Known {
  readonly recording: Recording;
  /** Live objects that the state does not have. */
  readonly fresh: readonly FoundObject[];
  /** Everything else that is adopted. */
  readonly adopted: ReadonlyMap<string, Adopted>;
  /** URNs that stay out. */
  readonly refused: ReadonlySet<string>;
  readonly problems: readonly string[];
  readonly left: readonly Left[];
  readonly accepted: readonly string[];
  readonly isSameImage: SameImage;
}

/** The plan, with the live objects as the clusters say that the first update makes them. @throws LoginError if one does not answer */
export async function withObjects(stackSecrets: StackSecrets, known: Known): Promise<Plan> {
  const { recording, fresh, left, accepted, isSameImage } = known;
  const [adopted, refused, problems] = [new Map(known.adopted), new Set(known.refused), [...known.problems]];
  const objects = await adoptedObjects(stackSecrets, recording, fresh);
  for (const { urn, result } of objects) if (result !== undefined) adopted.set(urn, result);
  const changes = changesOf(recording, adopted);
  const leaveOut = (urn: string, problem: string): void => {
    adopted.delete(urn);
    refused.add(urn);
    problems.push(problem);
  };
  for (const change of changes.filter(mustStay)) leaveOut(change.urn, cannotStay(change));
  for (const { urn, title, refusal } of objects)
    if (refusal !== undefined && !refused.has(urn)) leaveOut(urn, `${title} ${refusal}`);
  const taken = objects.filter(({ urn }) => adopted.has(urn));
  const effects = taken.flatMap((one) => one.effects).map((one) => withoutNewName(one, isSameImage));
  return {
    ...{ recording, adopted, left, effects, problems },
    undecided: effects.filter((one) => one.weight !== "harmless" && !accepted.some((pattern) => accepts(pattern, one))),
    takeovers: Map.groupBy(
      taken.flatMap(({ takeover }) => takeover ?? []),
      ({ cluster }) => cluster,
    ),
    changes: changes.filter(({ urn }) => adopted.has(urn)),
    created: recording.resources.filter(({ urn, type }) => !adopted.has(urn) && !refused.has(urn) && isThing(type)),
  };
}

/** What else is known of what runs. */
interface PlanOptions {
  /** Whether what runs under the first name is the build that the second one names. @default if they are one name */
  readonly isSameImage?: SameImage;
  /** What Terraform made. @default nothing */
  readonly terraform?: readonly TerraformResource[];
}

type SameImage = (live: unknown, declared: unknown) => boolean;

/** An image that gets a digest for its tag is the same one. */
function withoutNewName(one: Effect, isSameImage: SameImage): Effect {
  const isImage = one.path.at(-1) === "image" && one.before !== undefined && one.after !== undefined;
  return isImage && isSameImage(one.before, one.after) ? { ...one, weight: "harmless" } : one;
}

/** Components and providers are nothing out there. */
const isThing = (type: string): boolean => !/^(orrery|pulumi):/.test(type);

/** The next update of what is adopted: from what is live to what is declared. */
function changesOf({ resources }: Recording, adopted: ReadonlyMap<string, Adopted>): readonly Change[] {
  const own = resources.filter(({ urn }) => adopted.has(urn));
  const live = own.map((one) => ({ ...one, inputs: adopted.get(one.urn)?.inputs ?? one.inputs }));
  const view = (some: readonly Registration[]) =>
    rendered({ resources: some, outputs: new Map(), calls: [], exports: {} }, secretDigest);
  return compare(view(live), view(own)).filter(({ operation }) => operation !== "keep");
}
