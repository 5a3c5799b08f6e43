/** Copies of what cannot be made again: data sets, Pulumi's state, and volumes in OpenStack. */
import { UsageError } from "../../../../cli/usage.ts";
import { asText } from "../../../../policy/manifest.ts";
import { locksOf, lockText } from "../../state/lock.ts";
import { backupsOf, openStore, presentState } from "../../state/store.ts";
import type { Collector } from "../collector.ts";
import { type DataSet, dataSets } from "../../backups/dataSets.ts";
import { type BackupState, listed } from "../../backups/list.ts";
import { type Found, shared, span, type State } from "../row.ts";
import type { DeclaredResource, Situation } from "../situation.ts";

/** What Cinder lists of copies, as far as it is read. */
export interface VolumeCopies {
  readonly volumes: readonly { readonly id: string; readonly name: string }[];
  readonly copies: readonly { readonly volume_id: string; readonly created_at: string; readonly status: string }[];
}

const volumeType = "openstack:blockstorage/volume:Volume";

/** A row for each declared volume: its newest backup or snapshot. */
export function volumeRows(
  declared: readonly DeclaredResource[],
  { volumes, copies }: VolumeCopies,
  now: Date,
): readonly Found[] {
  return declared.flatMap(({ system, inputs }): readonly Found[] => {
    const name = asText(inputs.name);
    const ids = new Set(volumes.filter((one) => one.name === name).map(({ id }) => id));
    if (ids.size === 0) return [];
    const own = copies.filter(({ volume_id: id, status }) => ids.has(id) && status === "available");
    const newest = Math.max(...own.map(({ created_at: at }) => Date.parse(at.endsWith("Z") ? at : `${at}Z`)));
    const text =
      own.length === 0
        ? "no backup or snapshot in the cloud"
        : `newest backup ${span(now.getTime() - newest)} old, ${own.length} in all`;
    return [{ system, part: name, state: "ok", text }];
  });
}

async function ofCloud(
  { cloud: open, now }: Situation,
  name: string,
  own: readonly DeclaredResource[],
): Promise<readonly Found[]> {
  const cloud = await open(name);
  const [{ volumes }, { snapshots }, backups] = await Promise.all([
    cloud.get<Pick<VolumeCopies, "volumes">>("volume", "/volumes/detail"),
    cloud.get<{ snapshots: VolumeCopies["copies"] }>("volume", "/snapshots/detail"),
    // A cloud may have no backup service.
    cloud.get<{ backups: VolumeCopies["copies"] }>("volume", "/backups/detail").catch(() => ({ backups: [] })),
  ]);
  return volumeRows(own, { volumes, copies: [...snapshots, ...backups.backups] }, now);
}

async function ofState({ values, now }: Situation): Promise<readonly Found[]> {
  const row = { system: shared, part: "state" };
  try {
    const store = await openStore(values);
    const [present, kept, locks] = await Promise.all([presentState(store), backupsOf(store), locksOf(store)]);
    if (present === undefined) return [{ ...row, state: "unknown", text: "the backend has no state of this stack" }];
    const [newest] = kept;
    const dead = locks.filter(({ holder }) => holder === "ended").map(lockText);
    const held = locks.map(lockText).join("; ");
    const lock: readonly Found[] =
      dead.length > 0
        ? [{ ...row, state: "bad", text: `is locked by ${dead.join("; ")}: npx orrery state recover` }]
        : [{ ...row, state: "ok", text: locks.length > 0 ? `is being updated by ${held}` : "is not locked" }];
    return newest === undefined
      ? [...lock, { ...row, state: "warn", text: "has no backup: npx orrery state backup" }]
      : [
          ...lock,
          {
            ...row,
            state: "ok",
            text: `newest backup ${span(now.getTime() - newest.time.getTime())} old, ${kept.length} in all`,
          },
        ];
  } catch (error) {
    // Pulumi Cloud keeps every update's state.
    if (error instanceof UsageError)
      return [{ ...row, state: "ok", text: "is kept by the backend, with every update" }];
    throw error;
  }
}

const stateOf = { ok: "ok", outside: "ok", unchecked: "bad", late: "bad", none: "warn" } as const satisfies Record<
  BackupState,
  State
>;

async function ofDataSet({ secret, now, signal }: Situation, one: DataSet): Promise<readonly Found[]> {
  const { state, text } = await listed(one, secret, now, signal);
  return [{ system: one.system, part: one.name, state: stateOf[state], text }];
}

export const backups: Collector = {
  name: "backups",
  asks: "how old the newest backups of data, Pulumi's state and volumes are",
  questions: (situation) => [
    // Without a repository of its own, what the backend keeps is the whole answer about the state.
    ...dataSets(situation.values)
      .filter(({ system, backups: kept }) => system !== shared || kept !== undefined)
      .map((one) => ({
        target: `backups of ${one.name}`,
        systems: [one.system],
        ask: () => ofDataSet(situation, one),
      })),
    { target: "state backend", systems: [], ask: () => ofState(situation) },
    ...[
      ...Map.groupBy(
        situation.resources.filter(({ type }) => type === volumeType),
        ({ cloud }) => cloud,
      ),
    ].map(([name, own]) => ({
      target: `cloud ${name}`,
      systems: [...new Set(own.map(({ system }) => system))],
      ask: async () => ofCloud(situation, name, (await situation.named(own)).known),
    })),
  ],
};
