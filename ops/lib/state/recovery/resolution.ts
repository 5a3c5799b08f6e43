/** The resolution of an interrupted creation: its resource is imported into the state, or the operation is cleared. */
import { asText } from "../../../../policy/manifest.ts";
import type { Deployment, PendingOperation, StateResource } from "../export.ts";
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

/**
 * Which of the cloud's things the creation made. In doubt a person is asked: what is forgotten wrongly is made twice.
 * @param known - ids that the state has for that type: those are other resources' own
 * @param since - when the interrupted update began, if that is known; what is older was there before
 */
export function resolutionOf(
  { resource: { urn } }: PendingOperation,
  candidates: readonly Candidate[],
  known: ReadonlySet<string>,
  since: Date | undefined,
): Resolution {
  const unknown = candidates.filter(({ id }) => !known.has(id));
  const fresh = unknown.filter((candidate) => {
    const time = timeOf(candidate);
    return since === undefined || time === undefined || time >= since.getTime() - skew;
  });
  const [one, ...more] = fresh;
  if (one !== undefined && more.length === 0) return { urn, does: "take", id: one.id, why: "the cloud has it" };
  if (unknown.length === 0) return { urn, does: "clear", why: "the cloud does not have it" };
  const ids = unknown.map(({ id }) => id).join(", ");
  const why = fresh.length === 0 ? "what the cloud has is older than the update" : "the cloud has more than one";
  return { urn, does: "ask", why: `${why}: ${ids}` };
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
