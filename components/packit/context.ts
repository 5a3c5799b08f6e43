import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import type { Traffic } from "../../blocks/kubernetes/networkPolicy.ts";
import { pods } from "../../blocks/kubernetes/networkPolicy.ts";
import type { PackitSettings } from "./settings.ts";
import { type ImageName, type PodImage, podImage } from "./images.ts";
import type { ServiceName } from "./names.ts";

/** What every part stands on. */
export interface PackitContext {
  readonly service: ServiceName;
  readonly settings: PackitSettings;
  /** Project of the service. */
  readonly namespace: NamespaceRef;
}

/** Labels of the service's own programs; they find the pods, too. */
export function appLabels(name: string): { readonly app: string; readonly name: string } {
  return { app: "packit", name };
}

/** Labels of what stands beside them: databases, user interfaces, proxies. */
export function sideLabels(name: string): { readonly service: string; readonly name: string } {
  return { service: name, name };
}

/** An image of the table as a container names it. */
export function imageOf({ service, settings, namespace }: PackitContext, name: ImageName): PodImage {
  return podImage(service, settings, namespace, name);
}

/** Traffic from or to pods of the same project, by the names of their workloads. */
export function between(names: readonly string[], port: number): readonly Traffic[] {
  return names.map((name) => pods({ name }, [port]));
}

/** How volumes and namespaces of a stack are kept. */
export function retention({ disposable, retainOnDelete }: PackitSettings): { protect: boolean; retainOnDelete: boolean } {
  return { protect: !disposable, retainOnDelete };
}

/** Storage class as an argument, if the stack names one. */
export function storageClass({ storageClass: named }: PackitSettings): { storageClass?: string } {
  return named === undefined ? {} : { storageClass: named };
}

/** Users where no platform picks one; OpenShift does. */
export const anyUser = { user: 1000, group: 0, fsGroup: 1000 } as const;

/** Packit's images write a passwd entry for whatever user they run as, and more, beside their code. */
export const writesAtStart = {
  "writable-root": "the start script writes passwd and configuration into the image's home",
} as const;
