/** What the API server changes in pods for real nodes: images by digest, and images that name a tag of an ImageStream. */
import type { KubeObject } from "../api.ts";

/** Annotation of a pod that asked for images by digest: the lab's registry answers by name, in general with an image of its own. */
const digestAnnotation = "orrery.lab/digests";

const byDigest = (list: string): string => `${list}.exists(c, c.image.contains('@sha256:'))`;
/** Names by digest become names by tag, which the lab's registry answers; see images/names.ts. */
const renamed = (kind: string): string =>
  `object.spec.${kind}.map(c, Object.spec.${kind}{name: c.name, image: c.image.replace('@sha256:', ':sha256-')})`;

const digests = mutation(
  "image-digests",
  `${byDigest("object.spec.containers")} ||
    (has(object.spec.initContainers) && ${byDigest("object.spec.initContainers")})`,
  `Object{
    metadata: Object.metadata{annotations: {"${digestAnnotation}": "asked for by name in the lab"}},
    spec: Object.spec{
      containers: ${renamed("containers")},
      initContainers: has(object.spec.initContainers) ? ${renamed("initContainers")} : []
    }
  }`,
);

/** The policy with its binding. */
export const podAdmission: readonly KubeObject[] = digests;

/**
 * OpenShift's local lookup: in the pods of a namespace the name of a stream's tag means the image that it leads to.
 * @param images - `namespace/stream:tag`, and `namespace/stream` for the tag `latest`, to the image
 */
export function localLookup(images: ReadonlyMap<string, string>): readonly KubeObject[] {
  // Names and references have no character that CEL's strings would have to escape.
  const known = `{${[...images].map(([name, image]) => `'${name}': '${image}'`).join(", ")}}`;
  const short = (kind: string): string =>
    `(has(object.spec.${kind}) && object.spec.${kind}.exists(c, !c.image.contains('/')))`;
  const looked = (kind: string): string =>
    `has(object.spec.${kind}) ? object.spec.${kind}.map(c, Object.spec.${kind}{name: c.name,
      image: (request.namespace + '/' + c.image) in variables.known
        ? variables.known[request.namespace + '/' + c.image] : c.image}) : []`;
  return mutation(
    "image-streams",
    images.size === 0 ? "false" : `${short("containers")} || ${short("initContainers")}`,
    `Object{spec: Object.spec{containers: ${looked("containers")}, initContainers: ${looked("initContainers")}}}`,
    [{ name: "known", expression: images.size === 0 ? "{'': ''}" : known }],
  );
}

/** A policy that merges an object into the new pods that fulfil a condition; both are CEL. */
function mutation(
  name: string,
  condition: string,
  expression: string,
  variables: readonly object[] = [],
): readonly KubeObject[] {
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
        variables,
        matchConditions: [{ name: "applies", expression: condition }],
        failurePolicy: "Fail",
        reinvocationPolicy: "Never",
        mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression } }],
      },
    },
    { apiVersion, kind: "MutatingAdmissionPolicyBinding", metadata: { name }, spec: { policyName: name } },
  ];
}
