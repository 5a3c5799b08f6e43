/** Ownership of fields (managedFields) that kubectl takes over. */
import type { Kubectl } from "./kubectl.ts";

interface Managed {
  readonly metadata: { readonly managedFields?: readonly { readonly manager?: string }[] };
}

/**
 * Gives up the fields that kubectl took over by scale, rollout or patch: the API remembers their owner, and the next
 * deployment that changes one of them would be refused as a conflict.
 */
export async function releaseFieldOwnership(kubectl: Kubectl, kind: string, name: string): Promise<void> {
  const object = await kubectl.get<Managed>(kind, name, "--show-managed-fields");
  const all = object.metadata.managedFields ?? [];
  const kept = all.filter(({ manager }) => !(manager ?? "").startsWith("kubectl"));
  if (kept.length === all.length) return;
  const patch = JSON.stringify([{ op: "replace", path: "/metadata/managedFields", value: kept }]);
  await kubectl.output(["patch", kind, name, "--type=json", "--patch", patch]);
}
