/** The programs that the tests of real pods run. */
import { objectsOf } from "../../../lab/harness/kube.ts";
import type { KubeObject } from "../../../lab/kubernetes/api.ts";
import { namespace } from "./cluster.ts";

const object = objectsOf(namespace);

/** What Pod Security calls restricted. */
const locked = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } };
const podSecurity = (user: number): object => ({
  runAsNonRoot: true,
  runAsUser: user,
  fsGroup: user,
  seccompProfile: { type: "RuntimeDefault" },
});
const busybox = { image: "docker.io/library/busybox:1", securityContext: locked };

/** Two web servers on different nodes, whose page an init container writes. */
export const web: readonly KubeObject[] = [
  object("v1", "ConfigMap", "page", { data: { greeting: "hello from a config map" } }),
  object("apps/v1", "Deployment", "web", {
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          securityContext: podSecurity(1000),
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: "kubernetes.io/hostname",
              whenUnsatisfiable: "DoNotSchedule",
              labelSelector: { matchLabels: { app: "web" } },
            },
          ],
          initContainers: [
            {
              ...busybox,
              name: "write",
              command: ["sh", "-c", 'echo "$GREETING" >/www/index.html'],
              env: [{ name: "GREETING", valueFrom: { configMapKeyRef: { name: "page", key: "greeting" } } }],
              volumeMounts: [{ name: "www", mountPath: "/www" }],
            },
          ],
          containers: [
            {
              ...busybox,
              name: "web",
              command: ["httpd", "-f", "-v", "-p", "8080", "-h", "/www"],
              ports: [{ name: "http", containerPort: 8080 }],
              startupProbe: { tcpSocket: { port: "http" }, periodSeconds: 1 },
              readinessProbe: { httpGet: { path: "/index.html", port: "http" }, periodSeconds: 1 },
              livenessProbe: { exec: { command: ["cat", "/www/index.html"] } },
              resources: { limits: { memory: "16Mi", cpu: "100m" } },
              volumeMounts: [{ name: "www", mountPath: "/www" }],
            },
          ],
          volumes: [{ name: "www", emptyDir: {} }],
        },
      },
    },
  }),
  object("v1", "Service", "web", { spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: "http" }] } }),
];

/** The web servers behind a Service of both families. */
export const webOnBoth: KubeObject = object("v1", "Service", "web-both", {
  spec: {
    ipFamilyPolicy: "RequireDualStack",
    selector: { app: "web" },
    ports: [{ port: 80, targetPort: "http" }],
  },
});

/** Redis with a volume. */
export const redis: readonly KubeObject[] = [
  object("v1", "Service", "redis", {
    spec: { clusterIP: "None", selector: { app: "redis" }, ports: [{ port: 6379 }] },
  }),
  object("apps/v1", "StatefulSet", "redis", {
    spec: {
      serviceName: "redis",
      selector: { matchLabels: { app: "redis" } },
      template: {
        metadata: { labels: { app: "redis" } },
        spec: {
          securityContext: podSecurity(999),
          containers: [
            {
              name: "redis",
              image: "docker.io/library/redis:7",
              imagePullPolicy: "Always",
              ports: [{ name: "redis", containerPort: 6379 }],
              readinessProbe: { exec: { command: ["redis-cli", "ping"] }, periodSeconds: 1 },
              securityContext: locked,
              volumeMounts: [{ name: "data", mountPath: "/data" }],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
        },
      ],
    },
  }),
];

/** A pod that waits, to run commands in. @param node - the node that it runs on @param more - of its container */
export const shell = (name: string, node: string, image = "orrery.lab/tools:1", more: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels: { app: name } },
  spec: {
    nodeSelector: { "kubernetes.io/hostname": node },
    terminationGracePeriodSeconds: 0,
    securityContext: podSecurity(1000),
    containers: [{ name: "shell", image, command: ["sleep", "infinity"], securityContext: locked, ...more }],
  },
});

/** A pod that takes more memory than its limit. */
export const glutton: KubeObject = object("v1", "Pod", "glutton", {
  spec: {
    restartPolicy: "Never",
    securityContext: podSecurity(1000),
    containers: [
      {
        ...busybox,
        name: "glutton",
        command: ["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"],
        resources: { limits: { memory: "32Mi" } },
      },
    ],
  },
});

/** Only pods called client reach the web servers, by the name of their port. */
export const onlyClients: KubeObject = object("networking.k8s.io/v1", "NetworkPolicy", "only-clients", {
  spec: {
    podSelector: { matchLabels: { app: "web" } },
    policyTypes: ["Ingress"],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: "client" } } }], ports: [{ port: "http" }] }],
  },
});

/** Pods called stranger may ask the cluster's DNS and nothing else. */
export const onlyNames: KubeObject = object("networking.k8s.io/v1", "NetworkPolicy", "only-names", {
  spec: {
    podSelector: { matchLabels: { app: "stranger" } },
    policyTypes: ["Egress"],
    egress: [
      {
        to: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
            podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
          },
        ],
        ports: [{ protocol: "UDP", port: "dns" }],
      },
    ],
  },
});
