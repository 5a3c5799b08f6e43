/**
 * `node ci/run.mjs touchedStacks BASE ENVIRONMENT...`: prints for GITHUB_OUTPUT which stacks a change from BASE to the working tree touches, e.g.
 * `prod=["prod-dials"]`. An environment's stacks are `prod` and `prod-*`. Without BASE, or if it is not in the clone, all are touched.
 */
import { type Checkout, checkOut, workingTree } from "../review/checkout.ts";
import { compareStack } from "../review/compareCommits.ts";
import { stackNames } from "../config/stackFile.ts";
import { run } from "./github.ts";

/** Stacks of the head, by environment, whose renders, secrets included, differ from the base's. */
export async function touchedStacks(
  base: Checkout | undefined,
  head: Checkout,
  environments: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const stacks = stackNames(head.folder);
  const touched = new Map<string, readonly string[]>();
  for (const environment of environments) {
    const found: string[] = [];
    for (const stack of stacks.filter((one) => one === environment || one.startsWith(`${environment}-`))) {
      const changed = base === undefined ? undefined : await compareStack(base, head, stack);
      // A stack with a moved system is deployed, too: that shows whether its state has moved.
      const all = changed === undefined ? [] : [changed.changes, changed.moved, changed.arrived];
      if (changed === undefined || all.some((list) => list.length > 0)) found.push(stack);
    }
    touched.set(environment, found);
  }
  return touched;
}

if (process.argv[1] === import.meta.filename)
  run("touched stacks", async () => {
    const [commit = "", ...environments] = process.argv.slice(2);
    if (environments.length === 0) throw new Error("Usage: node ci/run.mjs touchedStacks BASE ENVIRONMENT...");
    const base = commit === "" ? undefined : await checkOut(commit).catch(() => undefined);
    if (base === undefined) console.error("there is no commit to compare with: every stack counts as touched");
    try {
      for (const [environment, stacks] of await touchedStacks(base, workingTree, environments))
        console.log(`${environment}=${JSON.stringify(stacks)}`);
    } finally {
      await base?.close();
    }
    return 0;
  });
