/** OpenShift's Route: its fields, validation rules and generated host name. */
import type { KubeObject } from "./api.ts";
import { anything, int32, type Kind, list, object, oneOf, rule, type Schema, text, unset } from "./crd.ts";

/** Domain of generated host names, as in an OpenShift cluster's ingress config. */
const appsDomain = "apps.lab.test";

const hostName: Schema = {
  ...text,
  maxLength: 253,
  pattern: "^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*)?$",
};

const routeBackend = object(
  {
    kind: { ...oneOf("Service", ""), default: "Service" },
    name: { ...text, minLength: 1 },
    weight: { ...int32, minimum: 0, maximum: 256, default: 100 },
  },
  ["name"],
);

const routeTls = object(
  {
    termination: oneOf("edge", "reencrypt", "passthrough"),
    insecureEdgeTerminationPolicy: oneOf("Allow", "None", "Redirect", ""),
    certificate: text,
    key: text,
    caCertificate: text,
    destinationCACertificate: text,
    externalCertificate: object({ name: text }),
  },
  ["termination"],
  [
    rule(
      "insecureEdgeTerminationPolicy Allow does not go with termination passthrough",
      "self.termination != 'passthrough' || !has(self.insecureEdgeTerminationPolicy) || self.insecureEdgeTerminationPolicy != 'Allow'",
    ),
    rule(
      "termination passthrough takes no certificate, key or CA: the pod presents its own",
      `self.termination != 'passthrough' || (${["certificate", "key", "caCertificate", "destinationCACertificate"].map(unset).join(" && ")})`,
    ),
    rule(
      "destinationCACertificate goes with termination reencrypt only",
      `self.termination == 'reencrypt' || ${unset("destinationCACertificate")}`,
    ),
  ],
);

const routeSpec = object(
  {
    host: hostName,
    subdomain: hostName,
    path: { ...text, pattern: "^/" },
    to: routeBackend,
    alternateBackends: { ...list(routeBackend), maxItems: 3 },
    port: object({ targetPort: { "x-kubernetes-int-or-string": true } }, ["targetPort"]),
    tls: routeTls,
    wildcardPolicy: { ...oneOf("None", "Subdomain", ""), default: "None" },
    httpHeaders: anything,
  },
  ["to"],
  [
    rule(
      "termination passthrough takes no path: the router cannot see it",
      "!has(self.path) || !has(self.tls) || self.tls.termination != 'passthrough'",
    ),
  ],
);

/** The Route kind; stages/network.yaml admits its objects. */
export const route: Kind = {
  group: "route.openshift.io",
  kind: "Route",
  properties: { spec: routeSpec, status: anything },
  required: ["spec"],
  columns: {
    Host: ".status.ingress[0].host",
    Admitted: '.status.ingress[0].conditions[?(@.type=="Admitted")].status',
    Service: ".spec.to.name",
    TLS: ".spec.tls.termination",
  },
};

/**
 * Generates a host for Routes without one on creation, as OpenShift's API server does. It rejects Routes in the API server's
 * first 5 s, the interval at which the server refreshes the schemas of custom resources.
 */
export const routeHosts: readonly KubeObject[] = [
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingAdmissionPolicy",
    metadata: { name: "route-host" },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: ["route.openshift.io"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["routes"] },
        ],
      },
      matchConditions: [{ name: "no-host", expression: "!has(object.spec.host) || object.spec.host == ''" }],
      failurePolicy: "Fail",
      reinvocationPolicy: "Never",
      mutations: [
        {
          patchType: "JSONPatch",
          jsonPatch: {
            expression: `[
              JSONPatch{op: "add", path: "/spec/host", value: object.metadata.name + "-" + request.namespace + ".${appsDomain}"}
            ] + (has(object.metadata.annotations) ? [] : [
              JSONPatch{op: "add", path: "/metadata/annotations", value: {}}
            ]) + [
              JSONPatch{op: "add", path: "/metadata/annotations/openshift.io~1host.generated", value: "true"}
            ]`,
          },
        },
      ],
    },
  },
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingAdmissionPolicyBinding",
    metadata: { name: "route-host" },
    spec: { policyName: "route-host" },
  },
];
