/** How the API server finds who serves metrics.k8s.io, and who may read it. */
import { readFileSync } from "node:fs";
import type { LabSettings } from "../../../settings.ts";
import type { KubeObject } from "../../api.ts";
import { authorityFile } from "../../router/certificates.ts";
import { nodeNetwork } from "../plan.ts";

const group = "metrics.k8s.io";
const version = "v1beta1";
const home = { name: "metrics-server", namespace: "kube-system" };

/** Name that the API server expects in the certificate. */
export const servedName = `${home.name}.${home.namespace}.svc`;

/** Path of the APIService. */
export const apiServicePath = `/apis/apiregistration.k8s.io/v1/apiservices/${version}.${group}`;

/** Where the API server finds it: the forwarder, not an address of a machine, leads to the port on loopback. */
export const metricsEndpoint = (lab: LabSettings): string => `${nodeNetwork(lab).services}:${lab.ports.metrics}`;

/** A Service without a selector and its endpoint, the right to read for who may read pods, and last what makes it known. */
export function registration(lab: LabSettings): readonly KubeObject[] {
  const [address = ""] = metricsEndpoint(lab).split(":");
  const roles = ["view", "edit", "admin"].map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, "true"]);
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: home,
      spec: { ports: [{ name: "https", port: 443, targetPort: lab.ports.metrics }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...home, labels: { "kubernetes.io/service-name": home.name } },
      addressType: "IPv4",
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      ports: [{ name: "https", port: lab.ports.metrics, protocol: "TCP" }],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: {
        name: "system:aggregated-metrics-reader",
        labels: Object.fromEntries(roles) as Record<string, string>,
      },
      rules: [{ apiGroups: [group], resources: ["nodes", "pods"], verbs: ["get", "list", "watch"] }],
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      // A change makes the API server look at once, where it has been asking in vain during a start.
      metadata: { name: `${version}.${group}`, annotations: { "orrery.lab/served-since": new Date().toISOString() } },
      spec: {
        ...{ group, version, groupPriorityMinimum: 100, versionPriority: 100 },
        service: { ...home, port: 443 },
        caBundle: readFileSync(authorityFile(lab)).toString("base64"),
      },
    },
  ];
}
