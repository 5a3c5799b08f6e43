/** The way back from an adoption: the state forgets what was adopted, and nothing in the clouds changes. */
import { confirm } from "../prompt.ts";
import type { StackValues } from "../stack.ts";
import type { Deployment } from "../state/deployment.ts";
import { checkPassphrase } from "../state/export.ts";
import { type HeldState, whileHeld } from "../state/heldState.ts";
import { assertUnlocked, locksOf } from "../state/lock.ts";
import { assertEngineReads } from "../state/opens.ts";
import { openStore, presentState, type PresentState, saveState, type Store, unpacked } from "../state/store.ts";
import { type Decisions, type Forgetting, forgetting, remaining, stateTitle } from "./forget.ts";
import { adoptedIn } from "./imported.ts";

/** Options of `adopt --undo`. */
export type UndoValues = StackValues &
  Decisions & { readonly yes: boolean; readonly unlock: boolean; readonly dryRun: boolean; readonly json: boolean };

/** A state's file, as far as it is changed. */
interface StateFile {
  readonly checkpoint?: { readonly latest?: Deployment | null };
}

/** Forgets. One write under the backend's lock does it, so an interrupted command has done all or nothing. @returns the exit code */
export async function undoAdoption(values: UndoValues): Promise<number> {
  const store = await openStore(values);
  checkPassphrase(store);
  if (values.dryRun) {
    assertUnlocked(store, await locksOf(store), values.unlock);
    const present = await presentState(store);
    const plan = await planned(store, present, values);
    show(store, plan, values);
    return isOpen(plan) ? 1 : 0;
  }
  return whileHeld(store, values.unlock, (held) => forget(store, held, values));
}

/** Whether nothing is to be forgotten, e.g. as it was done before. */
const isIdle = ({ forgotten, orphaned }: Forgetting): boolean => forgotten.length + orphaned.length === 0;

/** Whether somebody has to decide first. */
const isOpen = (plan: Forgetting): boolean => !isIdle(plan) && plan.undecided.length > 0;

async function forget(store: Store, held: HeldState, values: UndoValues): Promise<number> {
  const plan = await planned(store, held.present, values);
  if (held.present === undefined || isIdle(plan) || isOpen(plan)) {
    show(store, plan, values);
    return isOpen(plan) ? 1 : 0;
  }
  const next = without(held.present, plan);
  await assertEngineReads(store, "the state without what was adopted", next);
  if (!values.json) show(store, plan, values);
  if (!(await confirm("Forget them? Clusters and clouds stay as they are.", values.yes))) {
    console.error("nothing was forgotten");
    return 1;
  }
  const backup = await saveState(store, Date.now(), held.present);
  await held.write(next.key, next.bytes);
  if (values.json) show(store, plan, values, backup);
  else {
    console.log("forgotten; clusters and clouds are as they were");
    console.log(`the state before is back with npx orrery state restore ${backup ?? ""} --stack ${store.name}`);
  }
  return 0;
}

/** @throws if an interrupted update must be resolved first */
async function planned(store: Store, present: PresentState | undefined, decisions: Decisions): Promise<Forgetting> {
  const { resources, pending_operations: pending } = deploymentOf(present) ?? {};
  if ((pending ?? []).length > 0) {
    throw new Error(
      `an update of stack ${store.name} was interrupted; first npx orrery state recover --stack ${store.name}`,
    );
  }
  return forgetting(resources ?? [], await adoptedIn(store), decisions);
}

const deploymentOf = (present: PresentState | undefined): Deployment | undefined =>
  (present === undefined ? undefined : fileOf(present).checkpoint?.latest) ?? undefined;

/** @throws if it is damaged */
function fileOf({ key, bytes }: PresentState): StateFile {
  try {
    return JSON.parse(unpacked(key, bytes)) as StateFile;
  } catch (cause) {
    throw new Error(`${key} is not a complete state; npx orrery state restore replaces it by a backup`, { cause });
  }
}

/** The state's file without what is forgotten; never compressed, which the engine reads in any case. */
function without(present: PresentState, { kept }: Forgetting): PresentState {
  const file = fileOf(present);
  const latest = { ...file.checkpoint?.latest };
  const resources = remaining(latest.resources ?? [], kept);
  const text = JSON.stringify({ ...file, checkpoint: { ...file.checkpoint, latest: { ...latest, resources } } });
  return { key: present.key.replace(/\.(gz|zst)$/, ""), bytes: Buffer.from(text) };
}

/** Says what is forgotten, what is not, and what is to be decided. */
function show(store: Store, plan: Forgetting, values: UndoValues, backup?: string): void {
  const { forgotten, kept, orphaned, undecided } = plan;
  if (values.json) {
    const rows = Object.entries(plan).map(([group, all]) => [
      group,
      (all as Forgetting["forgotten"]).map((one) => ({ urn: one.urn, title: stateTitle(one), id: one.id })),
    ]);
    console.log(JSON.stringify({ ...Object.fromEntries(rows), backup: backup ?? null }, undefined, 2));
  } else if (isIdle(plan)) {
    console.log(`the state of stack ${store.name} has nothing that was adopted: there is nothing to forget`);
  } else {
    section("adopted, to be forgotten", counts(forgotten));
    section("created by Orrery, forgotten as well: nothing manages them any more", orphaned.map(stateTitle));
    section(
      `created by Orrery, kept in the state: npx pulumi destroy --stack ${store.name} removes them`,
      counts(kept),
    );
  }
  if (!isOpen(plan)) return;
  console.error(`${undecided.length} resources were created by Orrery, and nothing but the state knows them:`);
  for (const one of undecided) console.error(`  ${stateTitle(one)}`);
  console.error(
    "nothing was forgotten; name each of them, * is any text: --keep PATTERN leaves it in the state, so that pulumi destroy removes it; " +
      "--orphan PATTERN forgets it, and it goes on",
  );
}

function section(title: string, lines: readonly string[]): void {
  if (lines.length > 0) console.log([title, ...lines.map((line) => `  ${line}`)].join("\n"));
}

/** `3 Deployment`, a line a kind. */
function counts(resources: readonly { readonly type: string }[]): readonly string[] {
  const kinds = Map.groupBy(resources, ({ type }) => type.split(":").at(-1) ?? type);
  return [...kinds].map(([kind, all]) => `${all.length} ${kind}`).sort();
}
