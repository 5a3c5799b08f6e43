import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../blocks/kubernetes/cluster.ts";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { field } from "../../blocks/kubernetes/container.ts";
import { exceptionPrefix } from "../../blocks/kubernetes/exceptions.ts";
import { ConfigMap } from "../../blocks/kubernetes/configMap.ts";
import { ClusterRoleBinding, RoleBinding } from "../../blocks/kubernetes/roleBinding.ts";
import { Namespace } from "../../blocks/kubernetes/namespace.ts";
import { anywhere, anywhereOnAnyPort, dns, NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { withManagedBy } from "../../blocks/kubernetes/metadata.ts";
import { http, soon } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { ServiceAccount } from "../../blocks/kubernetes/serviceAccount.ts";
import { images } from "./images.ts";

export interface IngressControllerArgs {
  readonly cluster: Cluster;
}

const app = "ingress-nginx";
const labels = {
  "app.kubernetes.io/name": app,
  "app.kubernetes.io/instance": app,
  "app.kubernetes.io/component": "controller",
};

/** nginx as the only ingress controller of a cluster that has none, on the node that is kept for it. */
export class IngressController extends pulumi.ComponentResource {
  constructor(name: string, args: IngressControllerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:IngressController", name, {}, opts);
    const { cluster } = args;
    const namespace = new Namespace(
      name,
      {
        cluster,
        name: app,
        podSecurity: { level: "privileged", reason: "the controller listens on its node's ports 80 and 443" },
      },
      { parent: this },
    );
    const account = new ServiceAccount(name, { namespace, name: app, labels, mountsToken: true }, { parent: this });
    new ClusterRoleBinding(name, { name: app, labels, rules: clusterRules, subjects: [account] }, { parent: this });
    new RoleBinding(name, { namespace, name: app, labels, rules: ownRules, subjects: [account] }, { parent: this });
    // Settings that somebody puts there are read at once.
    const settings = new ConfigMap(
      name,
      { namespace, name: `${app}-controller`, data: {}, restartOnChange: false },
      { parent: this },
    );
    new k8s.networking.v1.IngressClass(
      `${name}-class`,
      { metadata: { name: "nginx", labels: withManagedBy(labels) }, spec: { controller: "k8s.io/ingress-nginx" } },
      { parent: this },
    );
    const deployment = new Deployment(
      name,
      {
        namespace,
        name: `${app}-controller`,
        labels,
        serviceAccount: account,
        graceSeconds: 300,
        nodeSelector: { role: "ingress-controller" },
        hostNetwork: true,
        // Two pods on one node would fight for its ports.
        strategy: "Recreate",
        runAs: { user: 101 },
        exceptions: { "host-network": "the test cluster has no load balancer in front of it" },
        podExtra: { dnsPolicy: "ClusterFirstWithHostNet" },
        containers: [
          {
            name: "controller",
            image: images[app],
            args: [
              "/nginx-ingress-controller",
              "--election-id=ingress-nginx-leader",
              "--controller-class=k8s.io/ingress-nginx",
              "--ingress-class=nginx",
              pulumi.interpolate`--configmap=${namespace.name}/${settings.configMapName}`,
            ],
            env: {
              POD_NAME: field("metadata.name"),
              POD_NAMESPACE: field("metadata.namespace"),
              LD_PRELOAD: "/usr/local/lib/libmimalloc.so",
            },
            ports: { http: 80, https: 443 },
            capabilities: ["NET_BIND_SERVICE"],
            exceptions: {
              capabilities: "ports below 1024",
              "privilege-escalation": "the capability is on nginx' file",
              "writable-root": "the controller writes nginx' configuration",
            },
            resources: { cpu: ["100m", "1"], memory: ["90Mi", "512Mi"] },
            probes: {
              readiness: http("/healthz", 10254, soon),
              liveness: http("/healthz", 10254, { delay: 10, failures: 5 }),
            },
          },
        ],
      },
      { parent: this },
    );
    new Service(
      name,
      {
        namespace,
        name: `${app}-controller`,
        labels,
        annotations: { [`${exceptionPrefix}public-service`]: "it is the way in" },
        type: "NodePort",
        of: deployment,
        ports: { http: { port: 80, target: "http" }, https: { port: 443, target: "https" } },
      },
      { parent: this },
    );
    new NetworkPolicy(
      name,
      {
        namespace,
        name: `${app}-controller`,
        labels,
        pods: labels,
        ingress: [anywhere(80, 443)],
        egress: [dns(), anywhereOnAnyPort()],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

const read = ["get", "list", "watch"];
const rule = (apiGroups: string[], resources: string[], verbs: string[], resourceNames?: string[]) => ({
  apiGroups,
  resources,
  verbs,
  ...(resourceNames === undefined ? {} : { resourceNames }),
});

const ingressRules = [
  rule([""], ["services"], read),
  rule(["networking.k8s.io"], ["ingresses", "ingressclasses"], read),
  rule(["networking.k8s.io"], ["ingresses/status"], ["update"]),
  rule(["discovery.k8s.io"], ["endpointslices"], read),
  rule([""], ["events"], ["create", "patch"]),
];

/** What the controller reads anywhere: Ingresses and what they lead to. */
const clusterRules = [
  rule([""], ["configmaps", "endpoints", "nodes", "pods", "secrets", "namespaces"], ["list", "watch"]),
  rule(["coordination.k8s.io"], ["leases"], ["list", "watch"]),
  rule([""], ["nodes"], ["get"]),
  ...ingressRules,
];

/** What it does in its own namespace: settings and leader election. */
const ownRules = [
  rule([""], ["namespaces"], ["get"]),
  rule([""], ["configmaps", "pods", "secrets", "endpoints"], read),
  rule(["coordination.k8s.io"], ["leases"], ["get", "update"], ["ingress-nginx-leader"]),
  rule(["coordination.k8s.io"], ["leases"], ["create"]),
  ...ingressRules,
];
