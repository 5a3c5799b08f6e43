/** How good the newest backup of a data set is. */
import { size } from "../packit/database/sql.ts";
import { span } from "../status/row.ts";
import type { DataSet } from "./dataSets.ts";
import { Repository, type Snapshot } from "./repository.ts";
import { withoutLogins } from "../state/backend/backend.ts";

/** Best first. `none`: there is no backup; `late`: the newest is too old; `unchecked`: no check has passed after it; `outside`: others save it. */
export type BackupState = "ok" | "outside" | "unchecked" | "late" | "none";

/** A data set with its newest backup. */
export interface Listed {
  readonly name: string;
  readonly about: string;
  readonly state: BackupState;
  readonly text: string;
  /** Backups in the repository. */
  readonly count: number;
  /** @default there is none */
  readonly newest?: { readonly time: string; readonly id: string; readonly checked: boolean; readonly bytes: number };
}

/** Asks the repository of a data set. @throws if it does not answer */
export async function listed(
  { name, about, backups, outside, remedy }: DataSet,
  secret: (key: string) => string,
  now: Date,
  signal?: AbortSignal,
): Promise<Listed> {
  const none = { name, about, state: "none", count: 0 } as const;
  if (outside !== undefined) return { ...none, state: "outside", text: `is not saved by Orrery: ${outside}` };
  if (backups === undefined) return { ...none, text: `has no backups: ${remedy}` };
  const repository = new Repository(backups.login(secret), signal);
  const all = await repository.snapshots(backups.host);
  const [newest] = all;
  if (newest === undefined) return { ...none, text: `has no backup in ${withoutLogins(backups.url)} yet` };
  const bytes = await repository.size(newest);
  const { state, text } = judge(newest, backups.nextBy(newest.time), now);
  const numbers = `${size(bytes)}, ${all.length} in all`;
  return {
    ...{ name, about, state, count: all.length, text: `${text}, ${numbers}` },
    newest: { time: newest.time.toISOString(), id: newest.id.slice(0, 8), checked: newest.checked, bytes },
  };
}

/** What is to be said about the newest backup. @param nextBy - when the one after it must be there */
export function judge(
  { time, checked }: Pick<Snapshot, "time" | "checked">,
  nextBy: Date,
  now: Date,
): { readonly state: BackupState; readonly text: string } {
  const age = `newest backup ${span(now.getTime() - time.getTime())} old`;
  if (now > nextBy) return { state: "late", text: `${age}, the next was due by ${nextBy.toISOString()}` };
  if (!checked) return { state: "unchecked", text: `${age}, no check has passed since` };
  return { state: "ok", text: `${age}, checked` };
}
