/**
 * OpenShift's namespaces on real nodes. Those that its administrator makes get a range of user ids, and their pods run as the first
 * one, as OpenShift's constraint restricted-v2 has it; pods that ask for another user are refused.
 * Source: re-implemented after github.com/openshift/apiserver-library-go and github.com/openshift/cluster-policy-controller.
 */
import type { KubeObject } from "./api.ts";

/** OpenShift's administrator: who calls with the kubeconfig that stacks get for their OpenShift clusters. */
export const openshiftAdministrator = "system:admin";

/** Marks OpenShift's namespaces, as one cluster plays both kinds. */
export const openshiftMark = { "orrery.lab/platform": "openshift" } as const;

/** `first/size` of a namespace's user ids, and of its groups. */
export const uidRange = "openshift.io/sa.scc.uid-range";
export const groupRange = "openshift.io/sa.scc.supplemental-groups";

const size = 10_000;
/** OpenShift gives the blocks before it to its own namespaces. */
const firstBlock = 1_000_650_000;

/** The first block of ids that no namespace has. @param ranges - annotations of all namespaces */
export function freeRange(ranges: readonly (string | undefined)[]): string {
  const taken = new Set(ranges);
  for (let first = firstBlock; ; first += size) if (!taken.has(`${first}/${size}`)) return `${first}/${size}`;
}

const policy = (kind: "Mutating" | "Validating", name: string, spec: object, binding: object = {}): KubeObject[] => [
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: `${kind}AdmissionPolicy`,
    metadata: { name },
    spec: { failurePolicy: "Fail", ...spec },
  },
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: `${kind}AdmissionPolicyBinding`,
    metadata: { name },
    spec: { policyName: name, ...binding },
  },
];

const created = (resources: string) => ({
  apiGroups: [""],
  apiVersions: ["v1"],
  operations: ["CREATE"],
  resources: [resources],
});
const inProjects = { namespaceSelector: { matchLabels: openshiftMark }, resourceRules: [created("pods")] };

/** The first id. Until the namespace has its range, this fails and so does the pod, which its controller makes again. */
const first = {
  name: "first",
  expression: `int(namespaceObject.metadata.annotations['${uidRange}'].split('/')[0])`,
};
const [markKey, markValue] = Object.entries(openshiftMark)[0] ?? [];

const mark = policy("Mutating", "openshift-namespace", {
  matchConstraints: { resourceRules: [created("namespaces")] },
  matchConditions: [{ name: "administrator", expression: `request.userInfo.username == '${openshiftAdministrator}'` }],
  reinvocationPolicy: "Never",
  mutations: [
    {
      patchType: "JSONPatch",
      jsonPatch: {
        expression: `(has(object.metadata.labels) ? [] : [
          JSONPatch{op: "add", path: "/metadata/labels", value: {}}
        ]) + [
          JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("${markKey ?? ""}"), value: "${markValue ?? ""}"}
        ]`,
      },
    },
  ],
});

const assign = policy("Mutating", "openshift-users", {
  matchConstraints: inProjects,
  reinvocationPolicy: "Never",
  variables: [first],
  mutations: [
    {
      patchType: "JSONPatch",
      jsonPatch: {
        expression: `(has(object.spec.securityContext) ? [] : [
          JSONPatch{op: "add", path: "/spec/securityContext", value: Object.spec.securityContext{}}
        ]) + (has(object.spec.securityContext) && has(object.spec.securityContext.runAsUser) ? [] : [
          JSONPatch{op: "add", path: "/spec/securityContext/runAsUser", value: variables.first}
        ]) + (has(object.spec.securityContext) && has(object.spec.securityContext.fsGroup) ? [] : [
          JSONPatch{op: "add", path: "/spec/securityContext/fsGroup", value: variables.first}
        ]) + (has(object.metadata.annotations) ? [] : [
          JSONPatch{op: "add", path: "/metadata/annotations", value: {}}
        ]) + [
          JSONPatch{op: "add", path: "/metadata/annotations/openshift.io~1scc", value: "restricted-v2"}
        ]`,
      },
    },
  ],
});

const usersOf = (containers: string): string =>
  `(has(object.spec.${containers}) ? object.spec.${containers} : [])
    .filter(c, has(c.securityContext) && has(c.securityContext.runAsUser)).map(c, c.securityContext.runAsUser)`;

const refuse = policy(
  "Validating",
  "openshift-users",
  {
    matchConstraints: inProjects,
    variables: [
      first,
      {
        name: "ids",
        expression: `[object.spec.securityContext.runAsUser, object.spec.securityContext.fsGroup] +
          ${usersOf("containers")} + ${usersOf("initContainers")}`,
      },
    ],
    validations: [
      {
        expression: `variables.ids.all(id, id >= variables.first && id < variables.first + ${size})`,
        messageExpression: `'unable to validate against any security context constraint: restricted-v2: runAsUser and fsGroup must be in the ranges: [' +
          string(variables.first) + ', ' + string(variables.first + ${size - 1}) + ']'`,
      },
    ],
  },
  { validationActions: ["Deny"] },
);

/** The policies of a cluster with real nodes. */
export const projectPolicies: readonly KubeObject[] = [...mark, ...assign, ...refuse];
