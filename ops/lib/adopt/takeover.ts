/** The one thing that an adoption writes into a cluster: whose the fields of adopted objects are. No field gets another value. */
import { askCluster } from "../../../config/clusterApi.ts";
import { type Json, asObject, asText } from "../../../policy/manifest.ts";
import { kubeconfigOf, type StackSecrets } from "../secrets/stackSecrets.ts";
import type { FieldSet } from "./fieldSets.ts";
import { takeoverPatch } from "./ownership.ts";

/** A live object, and the fields that become the program's. */
export interface Takeover {
  readonly cluster: string;
  readonly path: string;
  readonly live: Json;
  readonly taken: FieldSet;
}

/**
 * Makes the fields the program's, so that the first update does what its dry run said. It can be run again.
 * @returns how many objects were written to
 * @throws if an object changed since it was looked at, or may not be written to
 */
export async function takeOver(
  stackSecrets: StackSecrets,
  takeovers: ReadonlyMap<string, readonly Takeover[]>,
): Promise<number> {
  let written = 0;
  for (const [cluster, objects] of takeovers) {
    await askCluster(kubeconfigOf(stackSecrets, cluster), async (api) => {
      for (const { path, live, taken } of objects) {
        const patch = takeoverPatch(live, taken);
        if (patch === undefined) continue;
        const { status, body } = await api.send("PATCH", path, patch, "application/json-patch+json");
        if (status >= 300) throw new Error(`cluster ${cluster}, ${path}: ${why(status, body)}`);
        written += 1;
      }
    });
  }
  return written;
}

/** A failed test of the version is 422, and so is an object that the cluster no longer accepts; no value is in the message. */
function why(status: number, body: unknown): string {
  const message = asText(asObject(body).message);
  const changed = "it changed while it was looked at, or the cluster does not accept it as it is; run this again";
  return status === 409 || status === 422 ? `${changed} (${message})` : message;
}
