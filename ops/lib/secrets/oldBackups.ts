/** What the backend keeps of a stack that its present passphrase does not open, but a former one: backups, and states of its history. */
import path from "node:path";
import { openSalt } from "../../../config/passphrase.ts";
import type { StackValues } from "../stack.ts";
import { openStore, parseState, saveState, type Store } from "../state/store.ts";

/** Files in the backend that former passphrases open. */
export interface OldStates {
  readonly store: Store;
  /** Sorted. */
  readonly keys: readonly string[];
}

/** @throws if the backend keeps no files that can be read here */
export async function oldStates(values: StackValues, present: string): Promise<OldStates> {
  const store = await openStore(values);
  const { bucket, project, name } = store;
  const beside = (key: string): boolean => path.posix.basename(key).startsWith(`${name}.json`) && key.endsWith(".bak");
  const keys = [
    ...(await bucket.list(`.pulumi/backups/${project}/${name}`)),
    ...(await bucket.list(`.pulumi/history/${project}/${name}`)).filter((key) => key.includes(".checkpoint.json")),
    ...(await bucket.list(`.pulumi/stacks/${project}`)).filter(beside),
  ];
  const opens = opener(present);
  const old: string[] = [];
  for (const key of keys) {
    const bytes = await bucket.read(key);
    const salt = bytes === undefined ? undefined : saltOf(key, bytes);
    if (salt !== undefined && !opens(salt)) old.push(key);
  }
  return { store, keys: old };
}

/** Removes them. A past update's record goes with its state: it has the settings' secrets of then. */
export async function removeOldStates({ store, keys }: OldStates): Promise<void> {
  await saveState(store); // so that there is a backup at any time
  for (const key of keys) {
    await store.bucket.remove(key);
    if (key.includes(".checkpoint.json")) await store.bucket.remove(key.replace(".checkpoint.json", ".history.json"));
  }
}

/** Tells each salt's passphrase once: it takes a million rounds. */
function opener(passphrase: string): (salt: string) => boolean {
  const known = new Map<string, boolean>();
  return (salt) => {
    const opens = known.get(salt) ?? isOpened(salt, passphrase);
    known.set(salt, opens);
    return opens;
  };
}

function isOpened(salt: string, passphrase: string): boolean {
  try {
    openSalt(salt, passphrase);
    return true;
  } catch {
    return false;
  }
}

function saltOf(key: string, bytes: Buffer): string | undefined {
  const salt = parseState(key.replace(/\.bak$/, ""), bytes)?.deployment?.secrets_providers?.state?.salt;
  return typeof salt === "string" ? salt : undefined;
}
