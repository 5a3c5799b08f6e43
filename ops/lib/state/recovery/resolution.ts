/** The resolution of an interrupted creation: its resource is imported into the state, or the operation is cleared. */
import { asText } from "../../../../policy/manifest.ts";
import type { Deployment, PendingOperation, StateResource } from "../deployment.ts";
import type { Candidate } from "./candidates.ts";

/** `take`: it is there, under this id. `clear`: there is nothing to lose. `ask`: a person must look. */
export type Resolution = { readonly urn: string; readonly why: string } & (
  { readonly does: "take"; readonly id: string } | { readonly does: "clear" | "ask" }
);

/** Whether a person must decide. */
export const isOpen = ({ does }: Resolution): boolean => does === "ask";

/** A resolution in a line. */
export function resolutionText({ urn, why, ...resolution }: Resolution): string {
  const title = `${urn.split("::").at(-2)?.split(":").at(-1) ?? ""} ${urn.split("::").at(-1) ?? ""}`;
  if (resolution.does === "take") return `take in   ${title} = ${resolution.id}: ${why}`;
  return resolution.does === "clear" ? `forget    ${title}: ${why}` : `UNCLEAR   ${urn}: ${why}`;
}

/** A person's answers: ids by URN, and URNs of which nothing came into being. */
export interface Answers {
  readonly take: ReadonlyMap<string, string>;
  readonly clear: ReadonlySet<string>;
}

/** Resources that live in the state only, or whose creation may be done again without making anything twice. */
const repeatable = /^(random|tls|command|pulumi:providers):/;

/** Milliseconds by which the cloud's clock may be behind. */
const skew = 60_000;

/** What can be said without asking a cloud; undefined where one must be asked. */
export function resolutionOffline({ resource }: PendingOperation, answers: Answers): Resolution | undefined {
  const { urn, type, id, inputs } = resource;
  const given = answers.take.get(urn);
  if (given !== undefined) return { urn, does: "take", id: given, why: "as you said" };
  if (answers.clear.has(urn)) return { urn, does: "clear", why: "as you said" };
  if (id !== undefined && id !== "") return { urn, does: "take", id, why: "it was made; only its end was not written" };
  if (repeatable.test(type)) return { urn, does: "clear", why: "nothing of it is outside of the state" };
  if (!type.startsWith("kubernetes:")) return undefined;
  const { annotations } = (inputs?.metadata ?? {}) as { annotations?: Readonly<Record<string, string>> };
  return annotations?.["pulumi.com/autonamed"] === "true"
    ? { urn, does: "ask", why: "each update generates a new name for it" }
    : { urn, does: "clear", why: "the next up applies it, whether it is there or not" };
}

/** Times that the services write; the ones without a zone are UTC. */
function timeOf({ row }: Candidate): number | undefined {
  const written = asText(row.created_at ?? row.created);
  if (written === "") return undefined;
  return Date.parse(/Z$|[+-]\d\d:\d\d$/.test(written) ? written : `${written}Z`);
}

/** What is known of who has the cloud's things, and since when this creation can have made one. */
export interface Ownership {
  /** Ids that the state has for that type: those are other resources' own. */
  readonly known: ReadonlySet<string>;
  /** The other stack that has an id of that type. */
  readonly ownerOf: (id: string) => string | undefined;
  /** Other stacks whose state cannot be read: anything may be theirs. */
  readonly unreadable: readonly string[];
  /** When the interrupted update began at the earliest; what is older was there before. Undefined if nothing says so. */
  readonly since: Date | undefined;
}

/** Which of the cloud's things the creation made. In doubt a person is asked: what is taken wrongly is another's, what is forgotten wrongly is made twice. */
export function resolutionOf(
  { resource: { urn } }: PendingOperation,
  candidates: readonly Candidate[],
  { known, ownerOf, unreadable, since }: Ownership,
): Resolution {
  const unknown = candidates.filter(({ id }) => !known.has(id));
  const free = unknown.filter(({ id }) => ownerOf(id) === undefined);
  if (free.length === 0) {
    const owners = [...new Set(unknown.flatMap(({ id }) => ownerOf(id) ?? []))];
    const why = owners.length === 0 ? "does not have it" : `has only what stack ${owners.join(", ")} made`;
    return { urn, does: "clear", why: `the cloud ${why}` };
  }
  const doubts = free.map((candidate) => ({ id: candidate.id, doubt: doubtOf(candidate, since) }));
  const [one, ...more] = doubts.filter(({ doubt }) => doubt === undefined);
  if (one !== undefined && more.length === 0 && unreadable.length === 0) {
    return { urn, does: "take", id: one.id, why: "the cloud has it" };
  }
  const ids = free.map(({ id }) => id).join(", ");
  if (one === undefined) return { urn, does: "ask", why: `${doubts[0]?.doubt ?? ""}: ${ids}` };
  if (more.length > 0) return { urn, does: "ask", why: `the cloud has more than one: ${ids}` };
  return {
    urn,
    does: "ask",
    why: `the state of stack ${unreadable.join(", ")} cannot be read, and may have it: ${ids}`,
  };
}

/** Why a thing may not be what the creation made. */
function doubtOf(candidate: Candidate, since: Date | undefined): string | undefined {
  if (candidate.declared !== undefined) {
    return candidate.declared ? undefined : "what the cloud has by that name is not what is declared";
  }
  const time = timeOf(candidate);
  if (time === undefined) return "the cloud does not say when it was made";
  if (since === undefined) return "nothing says when the update began";
  return time < since.getTime() - skew ? "what the cloud has is older than the update" : undefined;
}

/**
 * The state with what was made in it, and without pending operations: to be refreshed. What is taken has the place of what it
 * replaces, before all that hangs on it; else it comes last, after everything that it depends on.
 */
export function resolved(deployment: Deployment, resolutions: readonly Resolution[]): Deployment {
  const pending = deployment.pending_operations ?? [];
  const taken = resolutions.flatMap((resolution): readonly StateResource[] => {
    const operation = pending.find(({ type, resource }) => type === "creating" && resource.urn === resolution.urn);
    if (resolution.does !== "take" || operation === undefined) return [];
    const { resource } = operation;
    // What the provider cannot read again (user data, ...) is as it was asked for.
    return [{ ...resource, id: resolution.id, outputs: resource.outputs ?? { ...resource.inputs, id: resolution.id } }];
  });
  const made = new Map(taken.map((one) => [one.urn, one]));
  const before = (deployment.resources ?? []).flatMap((resource) => {
    const one = made.get(resource.urn);
    if (one === undefined || resource.delete === true) return [resource];
    // A replacement was made: the old one is still to be deleted, if it is not gone already.
    if (resource.pendingReplacement !== true) return [{ ...resource, delete: true }];
    made.delete(resource.urn);
    return [one];
  });
  return { ...deployment, resources: [...before, ...made.values()], pending_operations: [] };
}
