/** Compares two checkouts, stack by stack. */
import { stacksLike } from "../cli/group.ts";
import { type StackFile, stackNames } from "../config/stackFile.ts";
import type { Change } from "./diff/compare.ts";
import { type Checkout, renderAt } from "./checkout.ts";
import type { Rendered, Replacements } from "./evaluate/render.ts";
import { fileOf, type Move, movesBetween, withMoves } from "./movedSystems.ts";
import { type RenderHead, withReplacements } from "./diff/replacements.ts";

/** A secret that has the ciphertext which another key had: somebody has swapped or copied it in the file. */
export interface MovedSecret {
  readonly key: string;
  readonly from: string;
}

/** The changes of one stack. */
export interface StackChanges {
  readonly stack: string;
  readonly changes: readonly Change[];
  /** Secrets whose ciphertext was another one's. */
  readonly moved: readonly MovedSecret[];
  /** Systems that came from another stack with their state; they count as if they had always been here. */
  readonly arrived: readonly Move[];
  /** All resources of the newer side. */
  readonly resources: readonly Rendered[];
}

const nothing: Replacements = { urns: [], secrets: [] };

/** The renders of one stack that a comparison asks for. */
export interface StackRenders {
  readonly stack: string;
  /** Config keys of secrets that differ. */
  readonly secrets: readonly string[];
  readonly moved: readonly MovedSecret[];
  readonly arrived: readonly Move[];
  readonly base: readonly Rendered[];
  /** Renders the newer side, with other outputs for replaced resources; the first render is made once. */
  readonly head: RenderHead;
}

/** Compares the stacks that exist in either checkout: all of them, or those of the pattern. */
export async function compareCommits(base: Checkout, head: Checkout, pattern = "*"): Promise<readonly StackChanges[]> {
  const all: StackChanges[] = [];
  for (const stack of stacksLike(pattern, stacksOf(base, head))) all.push(await compareStack(base, head, stack));
  return all;
}

/** Names of the stacks that exist in either checkout. */
export function stacksOf(base: Checkout, head: Checkout): readonly string[] {
  return [...new Set([base, head].flatMap(({ folder }) => stackNames(folder)))].sort();
}

/** All resources of a checkout's stacks, without a comparison. */
export async function allResources(checkout: Checkout, pattern = "*"): Promise<readonly StackChanges[]> {
  const all: StackChanges[] = [];
  for (const stack of stacksLike(pattern, stackNames(checkout.folder)))
    all.push({ stack, changes: [], moved: [], arrived: [], resources: await renderAt(checkout, stack, nothing) });
  return all;
}

/** Compares one stack that exists in either checkout. */
export async function compareStack(base: Checkout, head: Checkout, stack: string): Promise<StackChanges> {
  return compareRenders(await renderStack(base, head, stack));
}

/** Compares the renders of one stack. */
export async function compareRenders(renders: StackRenders): Promise<StackChanges> {
  const { stack, secrets, moved, arrived, base, head } = renders;
  const resources = await head({ urns: [], secrets });
  return { stack, changes: await withReplacements(base, head, secrets), moved, arrived, resources };
}

/** Renders one stack that exists in either checkout. */
export async function renderStack(base: Checkout, head: Checkout, stack: string): Promise<StackRenders> {
  const [old, now] = [base, head].map(({ folder }) => fileOf(folder, stack));
  const moves = movesBetween(base.folder, head.folder);
  const arrived = moves.filter(({ to }) => to === stack);
  const origins = arrived.map(({ from }) => from);
  const before = withEntriesOf(
    old,
    origins.map((from) => fileOf(base.folder, from)),
  );
  const secrets = changedSecrets(before, now);
  // Both sides in parallel: each is a process of its own, bound by CPU.
  const first = now === undefined ? Promise.resolve([]) : renderAt(head, stack, { urns: [], secrets });
  const [own, there] = await Promise.all([
    old === undefined ? [] : renderAt(base, stack, nothing),
    Promise.all(origins.map(async (from) => [from, await renderAt(base, from, nothing)] as const)),
    first,
  ]);
  const again: RenderHead = (replacements) =>
    now === undefined || replacements.urns.length === 0 ? first : renderAt(head, stack, replacements);
  const was = withMoves(stack, own, moves, new Map(there), now !== undefined);
  return { stack, secrets, moved: movedSecrets(before, now), arrived, base: was, head: again };
}

/** The file with the entries of the files from which systems came. */
function withEntriesOf(file: StackFile | undefined, others: readonly (StackFile | undefined)[]): StackFile | undefined {
  const all = [...others, file].filter((one) => one !== undefined);
  const [first] = all;
  return first === undefined ? undefined : { ...first, entries: new Map(all.flatMap(({ entries }) => [...entries])) };
}

/** Config keys whose ciphertext differs; without the passphrase, each counts as a new value. */
export function changedSecrets(old: StackFile | undefined, now: StackFile | undefined): readonly string[] {
  return [...(now?.entries ?? [])]
    .filter(([key, entry]) => {
      const before = old?.entries.get(key);
      return entry.secret && before?.secret === true && before.value !== entry.value;
    })
    .map(([key]) => key);
}

/**
 * Secrets whose ciphertext another key had before. A ciphertext does not know its key, so the engine takes it; two encryptions of one text
 * are never the same.
 */
export function movedSecrets(old: StackFile | undefined, now: StackFile | undefined): readonly MovedSecret[] {
  const before = [...(old?.entries ?? [])].filter(([, { secret }]) => secret);
  const keyOf = new Map(before.map(([key, { value }]) => [value, key]));
  return [...(now?.entries ?? [])].flatMap(([key, { value, secret }]) => {
    const from = keyOf.get(value);
    return secret && from !== undefined && from !== key && old?.entries.get(key)?.value !== value
      ? [{ key, from }]
      : [];
  });
}
