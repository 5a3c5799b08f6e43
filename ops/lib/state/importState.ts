/** Replaces the present state by a repaired one, and refreshes it. */
import type { Deployment } from "./deployment.ts";
import { cli } from "./export.ts";
import { lastLine, type Store } from "./store.ts";

/**
 * The engine's own way for a creation that was completed (refresh --import-pending-creates) forgets the thing in 3.256: it
 * neither stays pending nor comes into the state. So the edited state is imported, which checks it.
 */
export async function importState(
  store: Store,
  state: { readonly version: number; readonly deployment: Deployment },
  refused = (complaint: string): string => `the engine refuses the repaired state: ${complaint}; nothing is lost`,
): Promise<void> {
  const { status, stderr } = await cli(store, ["stack", "import"], { input: JSON.stringify(state) });
  if (status !== 0) throw new Error(refused(lastLine(stderr)));
}

/** Makes the state what the clouds have. @throws with what is to be done first */
export async function refresh(store: Store): Promise<void> {
  const words = ["refresh", "--yes", "--skip-preview", "--suppress-progress", "--config-file", store.file];
  const { status, stdout, stderr } = await cli(store, words);
  if (status === 0) return;
  const complaint = /error: +(.*)/.exec(`${stdout}\n${stderr}`)?.[1] ?? lastLine(stderr);
  const [, server, power] = /Invalid power_state for instance (\S+): (\w+)/.exec(complaint) ?? [];
  const wait = power === "VERIFY_RESIZE" ? `openstack server resize confirm ${server ?? ""}` : "wait for its end";
  const next = server === undefined ? `npx pulumi refresh --stack ${store.name}` : `${wait}, then run this again`;
  throw new Error(`the state is repaired, but could not be refreshed (${complaint.trim()}); next: ${next}`);
}
