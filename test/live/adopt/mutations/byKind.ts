/** What owners change in objects of one kind. */
import { type Mutation, type Tree, listIn, pick, templateOf, within } from "./tree.ts";

/** By kind. */
export const kindMutations: Readonly<Record<string, readonly Mutation[]>> = {
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
