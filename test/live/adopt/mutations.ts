/** What an owner's tools, consoles and people leave in an object that the program would declare in another way. */

/** A JSON object that may be changed. */
export type Tree = Record<string, unknown>;

/** A number from 0 to 1. */
export type Draw = () => number;

/** Changes an object in one way, if that is possible. */
export type Mutation = (object: Tree, draw: Draw) => void;

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);
const pick = <T>(items: readonly T[], draw: Draw): T | undefined => items[Math.floor(draw() * items.length)];

/** The object at a path; made if it is missing. */
function within(tree: Tree, ...path: readonly string[]): Tree {
  return path.reduce((at, key) => {
    const next = at[key];
    if (isTree(next)) return next;
    const made: Tree = {};
    at[key] = made;
    return made;
  }, tree);
}

/** The list at a path; made if it is missing. */
function listIn(tree: Tree, key: string): Tree[] {
  if (!Array.isArray(tree[key])) tree[key] = [];
  return tree[key] as Tree[];
}

const templates: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
};
const isWorkload = ({ kind }: Tree): boolean => String(kind) in templates;
const templateOf = (object: Tree): Tree => within(object, ...(templates[String(object.kind)] ?? []));
const podOf = (object: Tree): Tree => within(templateOf(object), "spec");
const containerOf = (object: Tree, draw: Draw): Tree => pick(listIn(podOf(object), "containers"), draw) ?? {};

/** Notes of tools, and instructions to controllers. */
const annotations = [
  ["owner.example/note", "by hand"],
  ["argocd.argoproj.io/sync-wave", "3"],
  ["meta.helm.sh/release-name", "old"],
  ["external-dns.alpha.kubernetes.io/hostname", "a.example.org"],
  ["nginx.ingress.kubernetes.io/rewrite-target", "/$1"],
  ["openshift.io/generated-by", "OpenShiftWebConsole"],
  ["haproxy.router.openshift.io/timeout", "5m"],
  ["image.openshift.io/triggers", "[]"],
] as const;

const common: readonly Mutation[] = [
  (object, draw) => {
    const [key, text] = pick(annotations, draw) ?? ["a", "b"];
    within(object, "metadata", "annotations")[key] = text;
  },
  (object) => {
    Object.assign(within(object, "metadata", "labels"), {
      "owner.example/team": "a",
      "app.kubernetes.io/managed-by": "Helm",
    });
  },
  (object) => {
    within(object, "metadata").finalizers = ["owner.example/wait"];
  },
  (object, draw) => {
    const labels = within(object, "metadata", "labels");
    const key = pick(Object.keys(labels), draw);
    if (key !== undefined) Reflect.deleteProperty(labels, key);
  },
  dropLeaf,
  dropLeaf,
  changeLeaf,
  changeLeaf,
];

/** Every place of the object's content that has a value, as the object that has it and its key. */
function placesIn(value: unknown): (readonly [Tree, string])[] {
  if (Array.isArray(value)) return value.flatMap(placesIn);
  if (!isTree(value)) return [];
  return Object.keys(value).flatMap((key) => [[value, key] as const, ...placesIn(value[key])]);
}

const content = (object: Tree): (readonly [Tree, string])[] =>
  Object.keys(object)
    .filter((key) => !["apiVersion", "kind", "metadata", "status"].includes(key))
    .flatMap((key) => placesIn({ [key]: object[key] }).filter(([holder]) => holder !== object));

/** A field that the owner never set. */
function dropLeaf(object: Tree, draw: Draw): void {
  const place = pick(content(object), draw);
  if (place !== undefined) Reflect.deleteProperty(...place);
}

/** A field with the owner's own value. */
function changeLeaf(object: Tree, draw: Draw): void {
  const places = content(object).filter(([holder, key]) => !isTree(holder[key]) && !Array.isArray(holder[key]));
  const place = pick(places, draw);
  if (place === undefined) return;
  const [holder, key] = place;
  const value = holder[key];
  if (typeof value === "number") holder[key] = value + 1;
  else if (typeof value === "boolean") holder[key] = !value;
  else if (typeof value === "string")
    holder[key] = /^\d+[A-Za-z]*$/.test(value) ? value.replace(/\d/, "7") : `${value}-x`;
}

const pods: readonly Mutation[] = [
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

const byKind: Readonly<Record<string, readonly Mutation[]>> = {
  Deployment: [
    (object, draw) => {
      const rolling = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
      within(object, "spec").strategy = draw() < 0.5 ? { type: "Recreate" } : rolling;
    },
    (object, draw) => {
      Object.assign(within(object, "spec"), { replicas: Math.floor(draw() * 3), revisionHistoryLimit: 3 });
    },
    (object) => {
      within(object, "spec", "selector", "matchLabels").old = "selector";
      within(templateOf(object), "metadata", "labels").old = "selector";
    },
  ],
  StatefulSet: [
    (object, draw) => {
      within(object, "spec").updateStrategy =
        draw() < 0.5 ? { type: "OnDelete" } : { type: "RollingUpdate", rollingUpdate: { partition: 1 } };
    },
    (object, draw) => {
      within(object, "spec").replicas = Math.floor(draw() * 5);
    },
    (object) => {
      for (const claim of listIn(within(object, "spec"), "volumeClaimTemplates"))
        within(claim, "metadata").labels = { old: "claim" };
    },
  ],
  CronJob: [
    (object) => {
      Object.assign(within(object, "spec"), { failedJobsHistoryLimit: 7, startingDeadlineSeconds: 60, suspend: true });
    },
    (object) => {
      Object.assign(within(object, "spec"), {
        schedule: "7 3 * * 1",
        timeZone: "Etc/UTC",
        concurrencyPolicy: "Replace",
      });
    },
  ],
  ConfigMap: [
    (object) => {
      within(object, "data")["by-hand.yaml"] = "a: 1\n";
    },
    (object, draw) => {
      const data = within(object, "data");
      const key = pick(Object.keys(data), draw);
      if (key !== undefined) data[key] = `${String(data[key])}\n# by hand\n`;
    },
    (object) => {
      object.binaryData = { old: "AAEC" };
    },
    (object) => {
      object.immutable = true;
    },
  ],
  Secret: [
    (object) => {
      within(object, "data")["id_rsa.bak"] = "b2xk";
    },
    (object) => {
      object.type = "example.org/old";
    },
  ],
  Service: [
    (object) => {
      listIn(within(object, "spec"), "ports").push({ name: "old", port: 9999, targetPort: "old", protocol: "TCP" });
    },
    (object, draw) => {
      const port = pick(listIn(within(object, "spec"), "ports"), draw);
      if (port !== undefined) Object.assign(port, { targetPort: 1234 });
    },
    (object) => {
      for (const [at, port] of listIn(within(object, "spec"), "ports").entries()) port.name = `old-${at}`;
    },
    (object, draw) => {
      within(object, "spec").type = draw() < 0.5 ? "NodePort" : "LoadBalancer";
    },
    (object) => {
      Object.assign(within(object, "spec"), { sessionAffinity: "ClientIP", externalIPs: ["192.0.2.7"] });
    },
    (object) => {
      within(object, "spec", "selector").old = "selector";
    },
  ],
  Ingress: [
    (object) => {
      listIn(within(object, "spec"), "rules").push({
        host: "old.example.org",
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "old", port: { number: 80 } } } }],
        },
      });
    },
    (object) => {
      Object.assign(within(object, "spec"), {
        ingressClassName: "old",
        tls: [{ hosts: ["old.example.org"], secretName: "old-tls" }],
      });
    },
    (object) => {
      within(object, "spec").defaultBackend = { service: { name: "old", port: { number: 80 } } };
    },
  ],
  Route: [
    (object) => {
      Object.assign(within(object, "spec"), { host: "old.example.org", path: "/old", wildcardPolicy: "None" });
    },
    (object) => {
      within(object, "spec").tls = { termination: "edge", insecureEdgeTerminationPolicy: "Allow" };
    },
  ],
  PersistentVolumeClaim: [
    (object, draw) => {
      within(object, "spec", "resources", "requests").storage = draw() < 0.5 ? "77Gi" : "1Gi";
    },
    (object) => {
      within(object, "spec").accessModes = ["ReadWriteMany"];
    },
  ],
  NetworkPolicy: [
    (object) => {
      listIn(within(object, "spec"), "ingress").push({ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] });
    },
  ],
  Role: [addRule],
  ClusterRole: [addRule],
  RoleBinding: [
    (object) => {
      listIn(object, "subjects").push({ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "old-admin" });
    },
    (object) => {
      object.roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" };
    },
  ],
  ServiceAccount: [
    (object) => {
      Object.assign(object, { imagePullSecrets: [{ name: "old-pull" }], secrets: [{ name: "old-token" }] });
    },
  ],
  PodDisruptionBudget: [
    (object) => {
      const spec = within(object, "spec");
      delete spec.minAvailable;
      spec.maxUnavailable = 1;
    },
    (object) => {
      const spec = within(object, "spec");
      delete spec.maxUnavailable;
      spec.minAvailable = "50%";
    },
  ],
  ImageStream: [
    (object) => {
      listIn(within(object, "spec"), "tags").push({
        name: "old",
        from: { kind: "DockerImage", name: "example.org/old:1" },
      });
    },
  ],
};

function addRule(object: Tree): void {
  listIn(object, "rules").push({ apiGroups: [""], resources: ["secrets"], verbs: ["get"] });
}

/** Some mutations of an object's kind. */
export function mutationsOf(object: Tree, draw: Draw): readonly Mutation[] {
  const own = byKind[String(object.kind)] ?? [];
  const all = [...common, ...own, ...own, ...(isWorkload(object) ? pods : [])];
  return Array.from({ length: 1 + Math.floor(draw() * 6) }, () => pick(all, draw) ?? dropLeaf);
}

/** How an owner's text begins. */
export const ownMark = "owner's own text";

/** Another text for one key of a Secret, as its owner has one. @returns the key */
export function ownText(object: Tree, draw: Draw): string | undefined {
  const data = within(object, "data");
  const key = pick(Object.keys(data), draw);
  if (key !== undefined) data[key] = Buffer.from(`${ownMark} ${Math.floor(draw() * 1e9)}`).toString("base64");
  return key;
}
