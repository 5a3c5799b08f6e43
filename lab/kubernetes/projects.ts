/**
 * OpenShift's namespaces on real nodes. Those that its administrator makes get a range of user ids, and their pods run as the first
 * one, without capabilities and escalation, as OpenShift's constraint restricted-v2 has it; pods that ask for more are refused.
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

/** What a container asks for stays as it is: it is judged afterwards. The API server refuses privileged ones without escalation. */
const lockedOf = (kind: string): string => `has(object.spec.${kind}) ? object.spec.${kind}.map(c, Object.spec.${kind}{
  name: c.name,
  securityContext: Object.spec.${kind}.securityContext{
    allowPrivilegeEscalation: has(c.securityContext) && (has(c.securityContext.allowPrivilegeEscalation)
      ? c.securityContext.allowPrivilegeEscalation
      : has(c.securityContext.privileged) && c.securityContext.privileged)
  }
}) : []`;
const locked = `Object{spec: Object.spec{
  securityContext: Object.spec.securityContext{
    seccompProfile: Object.spec.securityContext.seccompProfile{
      type: has(object.spec.securityContext) && has(object.spec.securityContext.seccompProfile)
        ? object.spec.securityContext.seccompProfile.type : "RuntimeDefault"
    }
  },
  containers: ${lockedOf("containers")},
  initContainers: ${lockedOf("initContainers")}
}}`;

/** Afterwards, as every container has a security context then; an applied configuration may not have an atomic list. */
const dropped = (kind: string): string => {
  const path = `"/spec/${kind}/" + string(i) + "/securityContext/capabilities`;
  return `(has(object.spec.${kind}) ? object.spec.${kind}.transformList(i, c, has(c.securityContext.capabilities)
    ? JSONPatch{op: "add", path: ${path}/drop", value: ["ALL"]}
    : JSONPatch{op: "add", path: ${path}", value: {"drop": ["ALL"]}}) : [])`;
};

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
    { patchType: "ApplyConfiguration", applyConfiguration: { expression: locked } },
    { patchType: "JSONPatch", jsonPatch: { expression: `${dropped("containers")} + ${dropped("initContainers")}` } },
  ],
});

const usersOf = (containers: string): string =>
  `(has(object.spec.${containers}) ? object.spec.${containers} : [])
    .filter(c, has(c.securityContext) && has(c.securityContext.runAsUser)).map(c, c.securityContext.runAsUser)`;

const unable = "unable to validate against any security context constraint: restricted-v2";

/** Holds for every container. @param bad - CEL about the security context `s` */
const noContainer = (bad: string): string =>
  `variables.containers.all(c, !has(c.securityContext) || [c.securityContext].all(s, !(${bad})))`;
const volumes = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];
const otherSeccomp = "has(s.seccompProfile) && s.seccompProfile.type != 'RuntimeDefault'";

/** When a pod is within restricted-v2 besides its users, by what is said of one that is not. */
const refused: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["hostNetwork", "hostPID", "hostIPC"].map((field) => [
      `spec.${field}: the host's own is not allowed to be used`,
      `!has(object.spec.${field}) || !object.spec.${field}`,
    ]),
  ),
  "spec.volumes: volumes of this kind are not allowed to be used": `!has(object.spec.volumes) || object.spec.volumes.all(v, ${volumes
    .map((kind) => `has(v.${kind})`)
    .join(" || ")})`,
  "hostPort: Host ports are not allowed to be used":
    "variables.containers.all(c, !has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0))",
  "privileged: Privileged containers are not allowed": noContainer("has(s.privileged) && s.privileged"),
  "allowPrivilegeEscalation: Allowing privilege escalation for containers is not allowed": noContainer(
    "has(s.allowPrivilegeEscalation) && s.allowPrivilegeEscalation",
  ),
  "capabilities.add: capability may not be added": noContainer(
    "has(s.capabilities) && has(s.capabilities.add) && s.capabilities.add.exists(one, one != 'NET_BIND_SERVICE')",
  ),
  "seccomp: Forbidden: only runtime/default is allowed": `${noContainer(otherSeccomp)} &&
    [object.spec.securityContext].all(s, !(${otherSeccomp}))`,
};

const refuse = policy(
  "Validating",
  "openshift-users",
  {
    matchConstraints: inProjects,
    variables: [
      first,
      {
        name: "containers",
        expression: "object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : [])",
      },
      {
        name: "ids",
        expression: `[object.spec.securityContext.runAsUser, object.spec.securityContext.fsGroup] +
          ${usersOf("containers")} + ${usersOf("initContainers")}`,
      },
    ],
    validations: [
      {
        expression: `variables.ids.all(id, id >= variables.first && id < variables.first + ${size})`,
        messageExpression: `'${unable}: runAsUser and fsGroup must be in the ranges: [' +
          string(variables.first) + ', ' + string(variables.first + ${size - 1}) + ']'`,
      },
      ...Object.entries(refused).map(([what, expression]) => ({ expression, message: `${unable}: ${what}` })),
    ],
  },
  { validationActions: ["Deny"] },
);

/** The policies of a cluster with real nodes. */
export const projectPolicies: readonly KubeObject[] = [...mark, ...assign, ...refuse];
