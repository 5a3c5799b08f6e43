/** Finds the namespaces that a stack uses, does not create, and that are not there: every object in them would fail. */
import type { ClusterApi } from "../clusterApi.ts";

/** An object that goes into a namespace, or is one. */
interface Placed {
  readonly kind: string;
  /** Empty for an object of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
}

/** Namespaces that others make. */
export function usedNamespaces(objects: readonly Placed[]): readonly string[] {
  const own = new Set(objects.filter(({ kind }) => kind === "Namespace").map(({ name }) => name));
  const used = new Set(objects.map(({ namespace }) => namespace).filter((name) => name !== ""));
  return [...used].filter((name) => !own.has(name)).toSorted();
}

/** Those that the cluster does not have; one that the account may not look at counts as there. @throws LoginError if it cannot be asked */
export async function missingNamespaces(api: ClusterApi, names: readonly string[]): Promise<readonly string[]> {
  const there = await Promise.all(names.map((name) => api.has(`/api/v1/namespaces/${name}`)));
  return names.filter((_, index) => there[index] !== true);
}

/** What to say of them. */
export const missingText = (missing: readonly string[]): string =>
  `lacks the namespace ${missing.join(", ")}, which this stack uses and does not create`;

/** What to do about them. */
export const missingFix = (missing: readonly string[]): string =>
  `${missing.map((name) => `kubectl create namespace ${name}`).join("; ")}; or where the system's settings have it, namespace.create: true`;
