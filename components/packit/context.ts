import type { Retention } from "../../blocks/block.ts";
import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import type { Traffic } from "../../blocks/kubernetes/networkPolicy.ts";
import { pods } from "../../blocks/kubernetes/networkPolicy.ts";
import type { PackitSettings } from "./settings.ts";
import { type ImageName, type PodImage, podImage } from "./images.ts";
import type { ServiceName } from "./names.ts";
import type { CommonSecrets } from "./sharedSecrets.ts";

/** What every component of the service builds on. */
export interface PackitContext {
  readonly service: ServiceName;
  readonly settings: PackitSettings;
  /** The service's namespace. */
  readonly namespace: NamespaceRef;
  readonly secrets: CommonSecrets;
}

/** Labels of the service's own programs; they find the pods, too. */
export function appLabels(name: string): { readonly app: string; readonly name: string } {
  return { app: "packit", name };
}

/** Labels of the programs that support them: databases, user interfaces, proxies. */
export function supportLabels(name: string): { readonly service: string; readonly name: string } {
  return { service: name, name };
}

/** An image of the table as a container names it. */
export function imageOf({ service, settings, namespace }: PackitContext, name: ImageName): PodImage {
  return podImage(service, settings, namespace, name);
}

/** Traffic from or to pods of the same namespace, by the names of their workloads. */
export function podsOf(names: readonly string[], port: number): readonly Traffic[] {
  return names.map((name) => pods({ name }, [port]));
}

/** What a client of PostgreSQL must reach. */
export function databasePods({ settings: { postgres } }: PackitContext): readonly Traffic[] {
  return podsOf(
    [postgres.version, ...postgres.beside].map((version) => `postgres-${version}`),
    5432,
  );
}

/** What a client of both databases must reach. */
export function databases(context: PackitContext): readonly Traffic[] {
  return [...databasePods(context), ...podsOf([context.settings.keyValue.kind], 6379)];
}

/** How volumes and namespaces of a stack are kept. */
export function retention({ disposable, retainOnDelete }: PackitSettings): Retention {
  return { protect: !disposable, retainOnDelete };
}

/** Storage class as an argument, if the stack names one. */
export function storageClass({ storageClass: named }: PackitSettings): { storageClass?: string } {
  return named === undefined ? {} : { storageClass: named };
}

/** Access mode as an argument, if the stack names one. */
export function accessModes({ accessMode }: { readonly accessMode?: string | undefined }): { accessModes?: string[] } {
  return accessMode === undefined ? {} : { accessModes: [accessMode] };
}

/** User and group on plain Kubernetes; OpenShift assigns its own. */
export const anyUser = { user: 1000, group: 0, fsGroup: 1000 } as const;

/** Packit's images write a passwd entry for their user, and more, next to their code. */
export const writesAtStart = {
  "writable-root": "the start script writes passwd and configuration into the image's home",
} as const;
