/** What every object must have, whatever its kind. */
import { type Manifest, object, text, texts } from "./manifest.ts";
import type { Rule } from "./podRules.ts";

const clusterKinds = new Set([
  "Namespace",
  "Node",
  "PersistentVolume",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "StorageClass",
  "IngressClass",
  "PriorityClass",
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
]);

function rule(name: string, description: string, fault: (manifest: Manifest) => string | undefined): Rule {
  return {
    name,
    description,
    check(manifest) {
      const found = fault(manifest);
      return found === undefined ? [] : [found];
    },
  };
}

export const objectRules: readonly Rule[] = [
  rule("named", "Names are what owners know; nothing is named at random.", ({ name }) =>
    name === "" ? "has no explicit name" : undefined,
  ),
  rule("namespace", "No object lands in whatever namespace is current.", ({ kind, namespace }) =>
    namespace === "" && !clusterKinds.has(kind) ? "has no explicit namespace" : undefined,
  ),
  rule("managed-by", "A stranger sees who manages an object.", ({ kind, body }) =>
    kind === "Node" || texts(object(body.metadata).labels)["app.kubernetes.io/managed-by"] === "orrery"
      ? undefined
      : "does not carry app.kubernetes.io/managed-by",
  ),
  rule("pod-security", "A namespace enforces a pod security standard.", ({ kind, body }) => {
    const { labels, annotations } = object(body.metadata);
    const level = texts(labels)["pod-security.kubernetes.io/enforce"];
    const reason = texts(annotations)["orrery/exception-pod-security"];
    return kind !== "Namespace" || level === "restricted" || (level !== undefined && reason !== undefined)
      ? undefined
      : "enforces less than the restricted pod security standard and gives no reason";
  }),
  rule("service-inside", "Only routers face the outside.", ({ kind, body }) => {
    const type = text(object(body.spec).type);
    return kind === "Service" && !["", "ClusterIP"].includes(type) && !hasReason(body.metadata, "public-service")
      ? `is of type ${type} and gives no reason`
      : undefined;
  }),
];

function hasReason(metadata: unknown, name: string): boolean {
  return texts(object(metadata).annotations)[`orrery/exception-${name}`] !== undefined;
}
