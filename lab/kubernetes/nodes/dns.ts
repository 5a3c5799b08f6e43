/** The DNS of a cluster with real nodes: CoreDNS as an ordinary Deployment. */
import { coreDnsImage } from "../../images/recipes.ts";
import type { KubeObject } from "../api.ts";
import { dnsAddress } from "./config.ts";

const namespace = "kube-system";
const name = "coredns";
const labels = { "k8s-app": "kube-dns" };
const [port, nobodyPort, healthPort, readyPort] = [5353, 5354, 8080, 8181];

/** Hosts of the router have its address. Of the world's other names there are none: the second server says so at once. */
const corefile = `cluster.local:${port} in-addr.arpa:${port} ip6.arpa:${port} {
  errors
  health :${healthPort}
  ready :${readyPort}
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    ttl 5
  }
  cache 5
  reload 2s
}
.:${port} {
  errors
  hosts /etc/coredns/names/hosts {
    ttl 5
    reload 1s
    fallthrough
  }
  forward . 127.0.0.1:${nobodyPort}
}
.:${nobodyPort} {
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;

const container = {
  name,
  image: coreDnsImage,
  imagePullPolicy: "IfNotPresent",
  args: ["-conf", "/etc/coredns/Corefile"],
  ports: [
    { name: "dns", containerPort: port, protocol: "UDP" },
    { name: "dns-tcp", containerPort: port, protocol: "TCP" },
  ],
  readinessProbe: { httpGet: { path: "/ready", port: readyPort }, periodSeconds: 1 },
  livenessProbe: { httpGet: { path: "/health", port: healthPort } },
  // Before all others get a processor: what starts with it asks it first.
  resources: { requests: { cpu: "1", memory: "32Mi" }, limits: { memory: "170Mi" } },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
  volumeMounts: [
    { name: "config", mountPath: "/etc/coredns" },
    { name: "names", mountPath: "/etc/coredns/names", readOnly: true },
  ],
};

/** Path of the Deployment in the API. */
export const dnsDeployment = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;

/** @param names - folder of this machine with a file `hosts` */
export const dnsObjects = (names: string): readonly KubeObject[] => [
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: `system:${name}` },
    rules: [
      { apiGroups: [""], resources: ["services", "pods", "namespaces"], verbs: ["list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: `system:${name}` },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: `system:${name}` },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  },
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data: { Corefile: corefile } },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          priorityClassName: "system-cluster-critical",
          dnsPolicy: "Default",
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [container],
          volumes: [
            { name: "config", configMap: { name } },
            // A changed ConfigMap would take up to a minute to arrive.
            { name: "names", hostPath: { path: names, type: "Directory" } },
          ],
        },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kube-dns", namespace, labels },
    spec: {
      clusterIP: dnsAddress,
      selector: labels,
      ports: [
        { name: "dns", port: 53, protocol: "UDP", targetPort: "dns" },
        { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: "dns-tcp" },
      ],
    },
  },
];
