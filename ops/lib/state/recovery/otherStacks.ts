/** What other stacks of the project own, by their states in the same backend. */
import path from "node:path";
import type { StateResource } from "../deployment.ts";
import { parseState, type Store } from "../store.ts";

/** Owners of things in the clouds. */
export interface OtherStacks {
  /** The stack that has a resource of that type and id in the cloud at that address; undefined if none has. */
  ownerOf(type: string, id: string, cloud: string | undefined): string | undefined;
  /** Stacks whose state cannot be read: what they own is unknown. */
  readonly unreadable: readonly string[];
}

/** Reads the states of all other stacks of the project. */
export async function otherStacks({ bucket, project, name }: Store): Promise<OtherStacks> {
  const owners = new Map<string, { readonly stack: string; readonly cloud: string | undefined }[]>();
  const unreadable: string[] = [];
  for (const key of await bucket.list(`.pulumi/stacks/${project}`)) {
    const stack = /^(.*)\.json(?:\.gz|\.zst)?$/.exec(path.posix.basename(key))?.[1];
    if (stack === undefined || stack === name) continue;
    const bytes = await bucket.read(key);
    if (bytes === undefined) continue; // removed meanwhile
    const state = parseState(key, bytes);
    if (state === undefined) unreadable.push(stack);
    const resources = state?.deployment?.resources ?? [];
    for (const resource of resources) {
      if (resource.id === undefined || resource.id === "") continue;
      const owned = `${resource.type} ${resource.id}`;
      owners.set(owned, [...(owners.get(owned) ?? []), { stack, cloud: cloudOf(resource, resources) }]);
    }
  }
  return {
    unreadable,
    // Ids such as a keypair's name are unique within a cloud only.
    ownerOf: (type, id, cloud) =>
      owners.get(`${type} ${id}`)?.find((one) => one.cloud === undefined || cloud === undefined || one.cloud === cloud)
        ?.stack,
  };
}

/** Address of the cloud that a resource is in, by its provider in the same state. */
export function cloudOf({ provider = "" }: StateResource, resources: readonly StateResource[]): string | undefined {
  const urn = provider.slice(0, provider.lastIndexOf("::"));
  const { authUrl } = resources.find((one) => one.urn === urn)?.inputs ?? {};
  return typeof authUrl === "string" ? authUrl : undefined;
}
