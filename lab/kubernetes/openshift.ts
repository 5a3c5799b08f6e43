/**
 * OpenShift's kinds as custom resources. OpenShift serves them from its own API servers; here they have the names, fields and
 * validation rules that our stacks use, and kwok's stages (see stages/) or real nodes (see nodes/) act as their controllers.
 * Source: re-implemented after the fields and rules of github.com/openshift/api.
 */
import type { KubeObject } from "./api.ts";
import {
  anything,
  customResource,
  flag,
  int32,
  int64,
  type Kind,
  list,
  object,
  oneOf,
  rule,
  stringMap,
  text,
} from "./crd.ts";
import { route } from "./route.ts";

const reference = object({ kind: text, name: text, namespace: text }, ["kind", "name"]);

const imageStreamSpec = object({
  dockerImageRepository: text,
  lookupPolicy: object({ local: flag }, ["local"]),
  tags: list(
    object(
      {
        name: { ...text, minLength: 1 },
        annotations: stringMap,
        from: {
          ...reference,
          properties: { kind: oneOf("DockerImage", "ImageStreamTag", "ImageStreamImage"), name: text, namespace: text },
        },
        generation: { ...int64, nullable: true },
        importPolicy: object({ insecure: flag, scheduled: flag, importMode: oneOf("", "Legacy", "PreserveOriginal") }),
        reference: flag,
        referencePolicy: object({ type: oneOf("Source", "Local") }, ["type"]),
      },
      ["name"],
    ),
  ),
});

const buildStrategies = ["dockerStrategy", "sourceStrategy", "customStrategy", "jenkinsPipelineStrategy"];

const buildConfigSpec = object(
  {
    source: anything,
    strategy: object(
      { type: text, ...Object.fromEntries(buildStrategies.map((name) => [name, anything])) },
      [],
      [
        rule(
          `strategy needs exactly one of ${buildStrategies.join(", ")}`,
          `[${buildStrategies.map((name) => `has(self.${name})`).join(", ")}].filter(given, given).size() == 1`,
        ),
      ],
    ),
    output: anything,
    postCommit: anything,
    resources: anything,
    revision: anything,
    nodeSelector: { ...stringMap, nullable: true },
    mountTrustedCA: flag,
    serviceAccount: text,
    completionDeadlineSeconds: int64,
    runPolicy: { ...oneOf("Serial", "SerialLatestOnly", "Parallel"), default: "Serial" },
    triggers: list({ ...anything, properties: { type: text }, required: ["type"] }),
    successfulBuildsHistoryLimit: int32,
    failedBuildsHistoryLimit: int32,
  },
  ["strategy"],
);

const deploymentConfigSpec = object({
  replicas: { ...int32, default: 1 },
  selector: stringMap,
  paused: flag,
  test: flag,
  minReadySeconds: int32,
  revisionHistoryLimit: int32,
  strategy: { ...anything, properties: { type: text } },
  template: { ...anything, nullable: true },
  triggers: list({ ...anything, properties: { type: text }, required: ["type"] }),
});

const parameter = object(
  {
    name: { ...text, pattern: "^[a-zA-Z0-9_]+$" },
    displayName: text,
    description: text,
    value: text,
    generate: text,
    from: text,
    required: flag,
  },
  ["name"],
);

const kinds: readonly Kind[] = [
  route,
  {
    group: "image.openshift.io",
    kind: "ImageStream",
    short: "is",
    properties: { spec: imageStreamSpec, status: anything },
  },
  {
    group: "image.openshift.io",
    kind: "ImageStreamImport",
    properties: { spec: anything, status: anything },
    required: ["spec"],
    answered: true,
  },
  {
    group: "build.openshift.io",
    kind: "BuildConfig",
    short: "bc",
    properties: { spec: buildConfigSpec, status: anything },
    required: ["spec"],
  },
  { group: "build.openshift.io", kind: "Build", properties: { spec: anything, status: anything } },
  {
    group: "apps.openshift.io",
    kind: "DeploymentConfig",
    short: "dc",
    properties: { spec: deploymentConfigSpec, status: anything },
    required: ["spec"],
    scale: true,
  },
  {
    group: "template.openshift.io",
    kind: "Template",
    properties: { message: text, objects: list(anything), parameters: list(parameter), labels: stringMap },
    required: ["objects"],
  },
];

/** The definitions to create in a cluster. */
export const openshiftKinds: readonly KubeObject[] = kinds.map(customResource);

/** Adds OpenShift's kinds to the built-in roles view, edit and admin, as on OpenShift. */
export const openshiftRoles: readonly KubeObject[] = [
  { to: "view", verbs: ["get", "list", "watch"] },
  { to: "edit", verbs: ["create", "update", "patch", "delete", "deletecollection"] },
].map(({ to, verbs }) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: `openshift-${to}`, labels: { [`rbac.authorization.k8s.io/aggregate-to-${to}`]: "true" } },
  rules: [{ apiGroups: [...new Set(kinds.map(({ group }) => group))], resources: ["*"], verbs }],
}));
