import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./cluster.ts";

/** Where a namespaced object goes; a {@link Namespace} is one, {@link existingNamespace} makes another. */
export interface NamespaceRef {
  readonly cluster: Cluster;
  /** Name of the namespace; as an output of the Namespace it also carries the order of creation. */
  readonly name: pulumi.Input<string>;
  /** The same name for building host names and addresses. */
  readonly plainName: string;
}

/** Name and labels of every namespaced object. */
export interface ObjectArgs {
  readonly namespace: NamespaceRef;
  /** Physical name (`metadata.name`). */
  readonly name: string;
  /** The seed's own labels; `app.kubernetes.io/managed-by` is added. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default none */
  readonly annotations?: Readonly<Record<string, pulumi.Input<string>>>;
}

/** A namespace that someone else owns. */
export function existingNamespace(cluster: Cluster, name: string): NamespaceRef {
  return { cluster, name: name, plainName: name };
}

/** Under it metadata holds the namespace's plain name, for those who cannot wait for the output; nothing registers symbols. */
export const plainNamespace = Symbol("plainNamespace");

/** The metadata of an object; the namespace is always explicit. */
export function metadata(args: ObjectArgs): k8s.types.input.meta.v1.ObjectMeta & { [plainNamespace]: string } {
  return {
    [plainNamespace]: args.namespace.plainName,
    name: args.name,
    namespace: args.namespace.name,
    labels: withManagedBy(args.labels),
    ...annotationsOf(args.annotations),
  };
}

/** The annotations as a member of metadata, if there are any. */
export function annotationsOf<T extends object>(annotations: T | undefined): { annotations?: T } {
  return annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations };
}

/** Labels plus the mark of the program that manages the object. */
export function withManagedBy(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...labels, "app.kubernetes.io/managed-by": "orrery" };
}

/** The object without its undefined members, which strict optional types and the provider both refuse. */
export function dropUndefined<T extends object>(value: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
