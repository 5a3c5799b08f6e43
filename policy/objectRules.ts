/** Policies for Kubernetes objects of any kind. */
import { type Manifest, asList, asObject, asText, asTexts } from "./manifest.ts";
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

function rule(name: string, description: string, violation: (manifest: Manifest) => string | undefined): Rule {
  return {
    name,
    description,
    check(manifest) {
      const found = violation(manifest);
      return found === undefined ? [] : [found];
    },
  };
}

export const objectRules: readonly Rule[] = [
  rule("named", "Objects have an explicit name, not a generated one.", ({ name }) =>
    name === "" ? "has no explicit name" : undefined,
  ),
  rule("namespace", "Namespaced objects name their namespace.", ({ kind, namespace }) =>
    namespace === "" && !clusterKinds.has(kind) ? "has no explicit namespace" : undefined,
  ),
  rule("managed-by", "Objects are labelled with what manages them.", ({ kind, body }) =>
    kind === "Node" || asTexts(asObject(body.metadata).labels)["app.kubernetes.io/managed-by"] === "orrery"
      ? undefined
      : "does not carry app.kubernetes.io/managed-by",
  ),
  rule("pod-security", "A namespace enforces a pod security standard.", ({ kind, body }) => {
    const { labels, annotations } = asObject(body.metadata);
    const level = asTexts(labels)["pod-security.kubernetes.io/enforce"];
    const reason = asTexts(annotations)["orrery/exception-pod-security"];
    return kind !== "Namespace" || level === "restricted" || (level !== undefined && reason !== undefined)
      ? undefined
      : "enforces less than the restricted pod security standard without a reason";
  }),
  rule("public-tls", "Routes and Ingresses serve TLS only.", ({ kind, body }) => {
    const { tls } = asObject(body.spec);
    if (kind === "Ingress") return asList(tls).length > 0 ? undefined : "serves plain HTTP";
    if (kind !== "Route") return undefined;
    const { termination, insecureEdgeTerminationPolicy } = asObject(tls);
    return asText(termination) === "" || insecureEdgeTerminationPolicy === "Allow" ? "serves plain HTTP" : undefined;
  }),
  rule("service-inside", "Services are internal; only Routes and Ingresses are public.", ({ kind, body }) => {
    const type = asText(asObject(body.spec).type);
    return kind === "Service" && !["", "ClusterIP"].includes(type) && !hasReason(body.metadata, "public-service")
      ? `is of type ${type} without a reason`
      : undefined;
  }),
];

function hasReason(metadata: unknown, name: string): boolean {
  return asTexts(asObject(metadata).annotations)[`orrery/exception-${name}`] !== undefined;
}
