/** Recovers a stack from an update that was killed or failed, step by step. */
import type { StackValues } from "../../stack.ts";
import type { Deployment } from "../deployment.ts";
import { exported } from "../export.ts";
import type { HeldState } from "../heldState.ts";
import { importState, refresh } from "../importState.ts";
import { type Lock, lockText } from "../lock.ts";
import { assertEngineReads, assertOwnKey, byKeyService } from "../opens.ts";
import { presentState, saveState, type Store } from "../store.ts";
import { withWorkingCopy } from "../workingCopy.ts";
import { failingSince, historyOf } from "./orphaned.ts";
import { otherStacks } from "./otherStacks.ts";
import { creations, type Known, resolvePending } from "./pending.ts";
import { endAll, type OrphanPlugin, orphanPlugins } from "./plugins.ts";
import { type Answers, isOpen, resolved, type Resolution, resolutionText } from "./resolution.ts";
import { brokenServers, importOrphaned } from "./search.ts";

/** What the person asked for. */
export interface RecoverRequest {
  readonly answers: Answers;
  readonly values: StackValues & { readonly json: boolean };
  readonly say: (line: string) => void;
}

/** What is found before anything is changed. */
interface Plan {
  readonly exported: Awaited<ReturnType<typeof exported>>;
  readonly known: Known;
  readonly resolutions: readonly Resolution[];
  readonly report: object;
}

/** Says what {@link recover} would do. @returns the exit code @throws if a person must decide */
export async function planOnly(store: Store, locks: readonly Lock[], request: RecoverRequest): Promise<number> {
  const { say, values } = request;
  const plugins = await orphanPlugins();
  for (const plugin of plugins) say(`would end ${pluginText(plugin)}`);
  const { report } = await planned(store, locks, plugins, request);
  for (const lock of locks) say(`would remove the lock of ${lockText(lock)}`);
  say(`would save the state of stack ${store.name}, and refresh it`);
  say("would then search for what failed creations made, and import it into the state");
  if (values.json) console.log(JSON.stringify(report, undefined, 2));
  return 0;
}

/** Recovers the stack whose lock is held. @returns the exit code @throws if a person must decide */
export async function recover(store: Store, held: HeldState, request: RecoverRequest): Promise<number> {
  const { say, values } = request;
  const plugins = await orphanPlugins();
  for (const plugin of plugins) say(`end ${pluginText(plugin)}`);
  await endAll(plugins);

  const { exported: state, known, resolutions, report } = await planned(store, held.stale, plugins, request);
  const backup = await saveState(store, Date.now(), held.present);
  say(`the state as it was is saved as ${backup ?? ""}`);
  return withWorkingCopy(store, held, async (working) => {
    const { copy, push } = working;
    const { version, deployment } = state;
    if ((deployment.pending_operations ?? []).length > 0) {
      await importState(copy, { version, deployment: resolved(deployment, resolutions) });
      await push();
    }
    // Only now: a recovery that is killed before finds in them when the update began.
    await held.removeStale();
    for (const lock of held.stale) say(`removed the lock of ${lockText(lock)}`);
    await refresh(copy).finally(push);
    const interrupted = creations(deployment.pending_operations);
    const lost = await importOrphaned(working, { ...known, interrupted, say });
    if (values.json) console.log(JSON.stringify({ ...report, backup, lost }, undefined, 2));
    assertResolved(lost, "the state is recovered except for them");
    for (const server of brokenServers((await exported(copy)).deployment))
      say(
        `server ${server} ended in ERROR and will not start: give it another rebuildToken (npx orrery callysto rebuild)`,
      );
    say(`stack ${store.name} is as the clouds have it; next: npx pulumi up --stack ${store.name}`);
    return 0;
  });
}

/** Looks at state and clouds, and says what was found. @throws if a person must decide */
async function planned(
  store: Store,
  locks: readonly Lock[],
  plugins: readonly OrphanPlugin[],
  { answers, values, say }: RecoverRequest,
): Promise<Plan> {
  const present = await presentState(store);
  const title = `the state of stack ${store.name}`;
  if (present !== undefined) assertOwnKey(store, title, present);
  if (present !== undefined && byKeyService(present)) await assertEngineReads(store, title, present);
  const state = await exported(store);
  const since = earliest(state.deployment, locks, failingSince(await historyOf(store)));
  const known = { since, answers, others: await otherStacks(store), values };
  const resolutions = await resolvePending(state.deployment, known);
  for (const resolution of resolutions) say(resolutionText(resolution));
  const report = { lock: locks.map(lockText), plugins, pending: resolutions };
  if (values.json && resolutions.some(isOpen)) console.log(JSON.stringify(report, undefined, 2));
  assertResolved(resolutions, "nothing was changed");
  return { exported: state, known, resolutions, report };
}

/**
 * When the interrupted or failed update began at the earliest: by its lock, by the history, or by the state, because a restored one lacks what
 * was created after it was written. Undefined if nothing says so.
 */
export function earliest(
  { manifest }: Pick<Deployment, "manifest">,
  locks: readonly Pick<Lock, "timestamp">[],
  failing: Date | undefined,
): Date | undefined {
  const texts = [...locks.map(({ timestamp }) => timestamp), ...(manifest?.time === undefined ? [] : [manifest.time])];
  const times = [...texts.map((text) => Date.parse(text)), ...(failing === undefined ? [] : [failing.getTime()])];
  // Go's zero time, the year 1, is none.
  const sound = times.filter((time) => time > 0);
  return sound.length === 0 ? undefined : new Date(Math.min(...sound));
}

const pluginText = ({ name, pid }: OrphanPlugin): string => `${name} (process ${pid}): its engine is gone`;

/** @throws if a person must decide */
function assertResolved(resolutions: readonly Resolution[], done: string): void {
  const open = resolutions.filter(isOpen);
  const first = open[0]?.urn;
  if (first === undefined) return;
  throw new Error(
    `${open.length} operations need your decision, ${done}: --take '${first}=ID' if the resource was created, else --clear '${first}'`,
  );
}
