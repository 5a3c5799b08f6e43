/** All manifests of an environment in one YAML stream. */
import { stringify } from "yaml";
import type { Manifest } from "../../../policy/manifest.ts";

/** Kinds that others depend on. */
const first = ["Namespace", "CustomResourceDefinition", "PersistentVolume", "ServiceAccount", "ConfigMap"];

/** Text of the file. */
export function manifestFile(manifests: readonly Manifest[]): string {
  const rank = ({ kind }: Manifest): number => (first.includes(kind) ? first.indexOf(kind) : first.length);
  // Labels of nodes are patches: applied as complete objects they would create nodes.
  const kept = manifests.filter(({ kind, body }) => kind !== "Secret" && kind !== "Node" && "metadata" in body);
  return kept
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ body }) => stringify(body, { lineWidth: 0, aliasDuplicateObjects: false }))
    .join("---\n");
}
