/** What changes from one checkout to another, stack by stack. */
import { existsSync } from "node:fs";
import path from "node:path";
import { readStackFile, type StackFile, stackNames } from "../config/stackFile.ts";
import type { Change } from "./compare.ts";
import { type Checkout, renderAt } from "./checkout.ts";
import type { Rendered, Renewed } from "./render.ts";
import { changesBetween } from "./verdict.ts";

/** A stack on both sides. */
export interface StackChanges {
  readonly stack: string;
  readonly changes: readonly Change[];
  /** Everything that the stack has afterwards. */
  readonly resources: readonly Rendered[];
}

const nothing: Renewed = { urns: [], secrets: [] };

/** Compares every stack that one of them has. */
export async function reviewBetween(base: Checkout, head: Checkout): Promise<readonly StackChanges[]> {
  const names = [...new Set([base, head].flatMap(({ folder }) => stackNames(folder)))].sort();
  const all: StackChanges[] = [];
  for (const stack of names) all.push(await reviewStack(base, head, stack));
  return all;
}

/** Every stack of a checkout as it is, without a comparison. */
export async function everything(checkout: Checkout): Promise<readonly StackChanges[]> {
  const all: StackChanges[] = [];
  for (const stack of stackNames(checkout.folder))
    all.push({ stack, changes: [], resources: await renderAt(checkout, stack, nothing) });
  return all;
}

/** Compares one stack that one of them has. */
export async function reviewStack(base: Checkout, head: Checkout, stack: string): Promise<StackChanges> {
  const [old, now] = [base, head].map(({ folder }) => fileOf(folder, stack));
  const secrets = changedSecrets(old, now);
  // Both sides at once: each is a process that waits for nothing but the processor.
  const first = now === undefined ? Promise.resolve([]) : renderAt(head, stack, { urns: [], secrets });
  const [before, resources] = await Promise.all([
    old === undefined ? Promise.resolve([]) : renderAt(base, stack, nothing),
    first,
  ]);
  const again = (renewed: Renewed): Promise<readonly Rendered[]> =>
    now === undefined || renewed.urns.length === 0 ? first : renderAt(head, stack, renewed);
  return { stack, changes: await changesBetween(before, again, secrets), resources };
}

function fileOf(folder: string, stack: string): StackFile | undefined {
  const file = path.join(folder, `Pulumi.${stack}.yaml`);
  return existsSync(file) ? readStackFile(file) : undefined;
}

/** Config keys whose ciphertext differs: without the passphrase that is all that can be said, and taken for a new value. */
export function changedSecrets(old: StackFile | undefined, now: StackFile | undefined): readonly string[] {
  return [...(now?.entries ?? [])]
    .filter(([key, entry]) => {
      const before = old?.entries.get(key);
      return entry.secret && before?.secret === true && before.value !== entry.value;
    })
    .map(([key]) => key);
}
