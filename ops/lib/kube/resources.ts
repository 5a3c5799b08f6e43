/** Kinds of Kubernetes as rights name them. */
import type { Manifest } from "../../../policy/manifest.ts";

/** Whether it lies in no namespace. */
export function isClusterWide({ kind }: Pick<Manifest, "kind">): boolean {
  return /^(Namespace|Node|PersistentVolume|ClusterRole|ClusterRoleBinding|IngressClass|CustomResourceDefinition)$/.test(
    kind,
  );
}

/** A kind's resource with its group, as rights name it: deployments.apps. */
export function resourceOf({ apiVersion, kind }: Pick<Manifest, "apiVersion" | "kind">): string {
  const singular = kind.toLowerCase();
  const plural = singular.endsWith("y")
    ? `${singular.slice(0, -1)}ies`
    : singular.endsWith("s")
      ? `${singular}es`
      : `${singular}s`;
  const [group, version] = apiVersion.split("/");
  return version === undefined ? plural : `${plural}.${group ?? ""}`;
}
