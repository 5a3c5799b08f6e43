/** Whether the engine could work with a state: it is this stack's, whole, and the present key opens its secrets. */
import { openSalt } from "../../../config/passphrase.ts";
import { givenPassphrase } from "../../../config/givenPassphrase.ts";
import { passphraseOf } from "../secrets.ts";
import { importState } from "./importState.ts";
import { parseState, type PresentState, type Store } from "./store.ts";
import { withPrivateBackend } from "./workingCopy.ts";

/** Whether a state's secrets need a key service, which only the engine asks. */
export const byKeyService = (state: PresentState): boolean => {
  const type = parseState(state.key, state.bytes)?.deployment?.secrets_providers?.type;
  return type !== undefined && type !== "passphrase";
};

/**
 * @param title - the state in words
 * @throws with what is wrong with it; nothing was written
 */
export function assertOwnKey(store: Store, title: string, state: PresentState): void {
  const parsed = parseState(state.key, state.bytes);
  if (parsed === undefined) throw new Error(`${title} is not a complete state; nothing was changed`);
  const { resources, secrets_providers: provider } = parsed.deployment ?? {};
  const foreign = (resources ?? []).find(({ urn }) => !urn.startsWith(`urn:pulumi:${store.name}::${store.project}::`));
  if (foreign !== undefined) {
    const [, owner = "another stack"] = /^urn:pulumi:([^:]*::[^:]*)::/.exec(foreign.urn) ?? [];
    throw new Error(`${title} is not of stack ${store.name}: it has resources of ${owner}; nothing was changed`);
  }
  if (provider?.type !== "passphrase") return;
  try {
    openSalt(String(provider.state?.salt), passphraseOf(store.name));
  } catch {
    const used = givenPassphrase() === undefined ? "the published passphrase" : "PULUMI_CONFIG_PASSPHRASE";
    throw new Error(
      `${title} was encrypted with another passphrase, ${used} does not open it; nothing was changed: set the passphrase of that time together with the Pulumi.${store.name}.yaml of that time (git), or choose another backup`,
    );
  }
}

/** Has the engine read a state, in a backend of its own: every secret, by a key service too. @throws with its complaint */
export async function assertEngineReads(store: Store, title: string, state: PresentState): Promise<void> {
  assertOwnKey(store, title, state);
  const { version, deployment } = parseState(state.key, state.bytes) ?? {};
  if (version === undefined || deployment === undefined) return;
  await withPrivateBackend(
    store,
    state,
    (copy) =>
    importState(copy, { version, deployment }, (complaint) => `the engine cannot use ${title}: ${complaint}; nothing was changed`), // prettier-ignore
  );
}
