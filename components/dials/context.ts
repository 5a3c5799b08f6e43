import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import type { ServiceAccount } from "../../blocks/kubernetes/serviceAccount.ts";
import type { DialsSettings } from "./settings.ts";
import type { ImageName } from "./images.ts";

/** What every component of DIALS builds on. */
export interface DialsContext {
  readonly namespace: NamespaceRef;
  readonly settings: DialsSettings;
  /** Images as pods name them. */
  readonly images: Readonly<Record<ImageName, string>>;
  /** The account of all pods; none of them calls the API server. */
  readonly account: ServiceAccount;
}

/** Label of pods that may connect to the broker. */
export const etlPods = { "orrery/part": "etl" } as const;

/** Labels of a workload; OpenShift's console takes groups and icons from them. */
export function labels(
  namespace: NamespaceRef,
  name: string,
  group: string,
  runtime: "python" | "redis" | "django" | "nginx",
): Record<string, string> {
  return {
    ...ownLabels(name, group),
    "app.openshift.io/runtime": runtime,
    "app.openshift.io/runtime-namespace": namespace.plainName,
  };
}

/** Labels of a Service. */
export function serviceLabels(name: string): Record<string, string> {
  return { ...ownLabels(name, "dials"), "app.openshift.io/runtime-version": "latest" };
}

/** Selector of a workload's pods. */
export function selector(name: string): { readonly app: string } {
  return { app: name };
}

/** Labels of the pods only. */
export function podLabels(name: string): { readonly deployment: string } {
  return { deployment: name };
}

function ownLabels(name: string, group: string): Record<string, string> {
  return {
    app: name,
    "app.kubernetes.io/component": name,
    "app.kubernetes.io/instance": name,
    "app.kubernetes.io/name": name,
    "app.kubernetes.io/part-of": group,
  };
}
