/** What the API server changes in pods for real nodes: images by digest, and the users that OpenShift gives. */
import type { KubeObject } from "../api.ts";

/** Annotation of a pod that asked for images by digest: what runs is the lab's own image, whose digest is another one. */
const digestAnnotation = "orrery.lab/digests";

/**
 * User and group of pods that must not be root and name no user, as OpenShift's constraint "restricted-v2" gives them. OpenShift
 * has a range for each namespace; here all have the same number.
 */
const randomUser = 1_000_650_000;

const byDigest = (list: string): string => `${list}.exists(c, c.image.contains('@sha256:'))`;
/** Names by digest become names by tag, which the lab's registry answers; see images/names.ts. */
const renamed = (kind: string): string =>
  `object.spec.${kind}.map(c, Object.spec.${kind}{name: c.name, image: c.image.replace('@sha256:', ':sha256-')})`;

const digests = mutation(
  "image-digests",
  `${byDigest("object.spec.containers")} ||
    (has(object.spec.initContainers) && ${byDigest("object.spec.initContainers")})`,
  `Object{
    metadata: Object.metadata{annotations: {"${digestAnnotation}": "answered by images of the lab"}},
    spec: Object.spec{
      containers: ${renamed("containers")},
      initContainers: has(object.spec.initContainers) ? ${renamed("initContainers")} : []
    }
  }`,
);

const context = "object.spec.securityContext";
const users = mutation(
  "random-users",
  `has(${context}) && has(${context}.runAsNonRoot) && ${context}.runAsNonRoot && !has(${context}.runAsUser) &&
    object.spec.containers.all(c, !has(c.securityContext) || !has(c.securityContext.runAsUser))`,
  `Object{
    metadata: Object.metadata{annotations: {"openshift.io/scc": "restricted-v2"}},
    spec: Object.spec{
      securityContext: Object.spec.securityContext{
        runAsUser: ${randomUser},
        fsGroup: has(${context}.fsGroup) ? ${context}.fsGroup : ${randomUser}
      }
    }
  }`,
);

/** The policies with their bindings. */
export const podAdmission: readonly KubeObject[] = [...digests, ...users];

/** A policy that merges an object into the new pods that fulfil a condition; both are CEL. */
function mutation(name: string, condition: string, expression: string): readonly KubeObject[] {
  const apiVersion = "admissionregistration.k8s.io/v1";
  return [
    {
      apiVersion,
      kind: "MutatingAdmissionPolicy",
      metadata: { name },
      spec: {
        matchConstraints: {
          resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
        },
        matchConditions: [{ name: "applies", expression: condition }],
        failurePolicy: "Fail",
        reinvocationPolicy: "Never",
        mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression } }],
      },
    },
    { apiVersion, kind: "MutatingAdmissionPolicyBinding", metadata: { name }, spec: { policyName: name } },
  ];
}
