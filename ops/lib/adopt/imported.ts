/** Which resources of a state were there before Orrery: they came by an adoption's import. */
import { asObject } from "../../../policy/manifest.ts";
import type { StateResource } from "../state/deployment.ts";
import { parseState, type Store, unpacked } from "../state/store.ts";
import { fieldManager } from "./ownership.ts";

type Backend = Pick<Store, "bucket" | "project" | "name">;

/**
 * Tells adopted resources from those that updates created. An object of a cluster has the field manager of its adoption in
 * the state; of all others the engine's history has the update that imported them. What was replaced since is no longer adopted.
 */
export async function adoptedIn(backend: Backend): Promise<(resource: StateResource) => boolean> {
  const imported = await importedIds(backend);
  return (resource) =>
    resource.type.startsWith("kubernetes:")
      ? asObject(resource.outputs).__fieldManager === fieldManager
      : imported.has(keyOf(resource));
}

const keyOf = ({ urn, id = "" }: StateResource): string => `${urn} ${id}`;

/** Keys of what imports brought into the state: what their state has, and the one of the update before has not. */
async function importedIds({ bucket, project, name }: Backend): Promise<ReadonlySet<string>> {
  const files = await bucket.list(`.pulumi/history/${project}/${name}`);
  const records = files.filter((key) => /\.history\.json(\.gz|\.zst)?$/.test(key)).sort();
  const found = new Set<string>();
  for (const [at, key] of records.entries()) {
    const bytes = await bucket.read(key);
    const { kind } = asObject(bytes === undefined ? {} : JSON.parse(unpacked(key, bytes)));
    if (kind !== "resource-import") continue;
    const [before, after] = await Promise.all([records[at - 1], key].map((one) => keysAfter(bucket, one)));
    for (const one of after ?? []) if (before?.has(one) !== true) found.add(one);
  }
  return found;
}

/** Keys of the state that an update left; the history keeps it next to the update's record. */
async function keysAfter(bucket: Store["bucket"], record: string | undefined): Promise<ReadonlySet<string>> {
  const key = record?.replace(".history.json", ".checkpoint.json");
  const bytes = key === undefined ? undefined : await bucket.read(key);
  if (key === undefined || bytes === undefined) return new Set();
  return new Set((parseState(key, bytes)?.deployment?.resources ?? []).map(keyOf));
}
