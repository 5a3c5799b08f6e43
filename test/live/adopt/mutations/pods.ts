/** What owners change in the pods of a workload. */
import { type Mutation, containerOf, listIn, pick, podOf, templateOf, within } from "./tree.ts";

/** Of any workload. */
export const podMutations: readonly Mutation[] = [
  (object) => {
    listIn(podOf(object), "initContainers").push({ name: "by-hand", image: "example.org/init:1", command: ["true"] });
  },
  (object) => {
    listIn(podOf(object), "containers").push({
      name: "sidecar",
      image: "example.org/proxy:2",
      ports: [{ containerPort: 15001 }],
    });
  },
  (object, draw) => {
    listIn(containerOf(object, draw), "env").push({ name: "BY_HAND", value: "1" });
  },
  (object, draw) => {
    const one = pick(listIn(containerOf(object, draw), "env"), draw);
    if (one === undefined) return;
    delete one.value;
    one.valueFrom = { secretKeyRef: { name: "old-secret", key: "token" } };
  },
  (object, draw) => {
    const one = pick(listIn(containerOf(object, draw), "env"), draw);
    if (one === undefined) return;
    delete one.valueFrom;
    one.value = "in clear";
  },
  (object, draw) => {
    listIn(containerOf(object, draw), "env").reverse();
  },
  (object, draw) => {
    listIn(containerOf(object, draw), "envFrom").push({ configMapRef: { name: "old-settings", optional: true } });
  },
  (object, draw) => {
    const container = containerOf(object, draw);
    container.name = `${String(container.name)}-old`;
  },
  (object, draw) => {
    containerOf(object, draw).image = "quay.example.org/owner/image:v2024";
  },
  (object, draw) => {
    const [command, args] = draw() < 0.5 ? [["/bin/sh", "-c"], ["exec old"]] : [undefined, ["--old"]];
    Object.assign(containerOf(object, draw), { command, args });
  },
  (object, draw) => {
    for (const port of listIn(containerOf(object, draw), "ports")) port.name = "old-port";
  },
  (object, draw) => {
    listIn(containerOf(object, draw), "ports").push({ containerPort: 9113, name: "metrics-old" });
  },
  (object, draw) => {
    const probe = draw() < 0.5 ? { tcpSocket: { port: 8080 } } : { exec: { command: ["true"] }, periodSeconds: 7 };
    containerOf(object, draw)[draw() < 0.5 ? "livenessProbe" : "readinessProbe"] = probe;
  },
  (object, draw) => {
    containerOf(object, draw).resources = { requests: { cpu: "1500m", memory: "1024Mi" }, limits: { memory: "2Gi" } };
  },
  (object, draw) => {
    delete containerOf(object, draw).securityContext;
    podOf(object).securityContext = { fsGroup: 1000 };
  },
  (object, draw) => {
    const volume = pick(listIn(podOf(object), "volumes"), draw);
    if (volume === undefined) return;
    for (const key of Object.keys(volume)) if (key !== "name") Reflect.deleteProperty(volume, key);
    Object.assign(volume, draw() < 0.5 ? { emptyDir: {} } : { secret: { secretName: "old-secret", optional: true } });
  },
  (object, draw) => {
    listIn(podOf(object), "volumes").push({ name: "old-data", hostPath: { path: "/srv/old", type: "" } });
    listIn(containerOf(object, draw), "volumeMounts").push({ name: "old-data", mountPath: "/srv/old" });
  },
  (object, draw) => {
    const mount = pick(listIn(containerOf(object, draw), "volumeMounts"), draw);
    if (mount !== undefined) mount.mountPath = `${String(mount.mountPath)}-old`;
  },
  (object) => {
    Object.assign(podOf(object), {
      nodeSelector: { "owner.example/pool": "old" },
      tolerations: [{ key: "owner.example/pool", operator: "Exists", effect: "NoSchedule" }],
    });
  },
  (object) => {
    Object.assign(podOf(object), { serviceAccountName: "old-account", serviceAccount: "old-account" });
  },
  (object) => {
    Object.assign(podOf(object), {
      terminationGracePeriodSeconds: 17,
      hostAliases: [{ ip: "10.9.8.7", hostnames: ["old.example.org"] }],
      imagePullSecrets: [{ name: "old-pull" }],
    });
  },
  (object) => {
    podOf(object).affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/os", operator: "In", values: ["linux"] }] }],
        },
      },
    };
  },
  (object) => {
    Object.assign(within(templateOf(object), "metadata", "annotations"), {
      "kubectl.kubernetes.io/restartedAt": "2024",
    });
    Object.assign(within(templateOf(object), "metadata", "labels"), { "owner.example/version": "7" });
  },
];
