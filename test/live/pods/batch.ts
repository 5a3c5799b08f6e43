/** What the tests of jobs, disruption budgets and claims put onto the cluster. */
import { objectsOf } from "../../../lab/harness/kube.ts";
import type { KubeObject } from "../../../lab/kubernetes/api.ts";
import { volumeProvisioner } from "../../../lab/kubernetes/objects.ts";
import { namespace } from "./cluster.ts";
import { shell } from "./objects.ts";

const object = objectsOf(namespace);

/** A container of busybox with a script, and the pod around it. */
const pod = (script: string, container: object = {}, more: object = {}) => ({
  terminationGracePeriodSeconds: 0,
  containers: [{ name: "main", image: "docker.io/library/busybox:1", command: ["sh", "-c", script], ...container }],
  ...more,
});

/** What makes a job's pod go on until a file is there. */
export const untilTold = { script: "while [ ! -e /tmp/go ]; do sleep 0.2; done", tell: ["touch", "/tmp/go"] };

/** A CronJob of every minute. @param spec - more fields of it */
export const everyMinute = (name: string, script: string, spec: object): KubeObject =>
  object("batch/v1", "CronJob", name, {
    spec: {
      schedule: "* * * * *",
      jobTemplate: { spec: { backoffLimit: 0, template: { spec: pod(script, {}, { restartPolicy: "Never" }) } } },
      ...spec,
    },
  });

/** A Job that would never end. */
export const endless = (name: string, activeDeadlineSeconds: number): KubeObject =>
  object("batch/v1", "Job", name, {
    spec: { activeDeadlineSeconds, template: { spec: pod("sleep infinity", {}, { restartPolicy: "Never" }) } },
  });

/** A Deployment with one pod, which is ready once `makeReady` ran in it, and a budget that keeps one ready. */
export const guarded: readonly KubeObject[] = [
  object("apps/v1", "Deployment", "guarded", {
    spec: {
      selector: { matchLabels: { app: "guarded" } },
      template: {
        metadata: { labels: { app: "guarded" } },
        spec: pod("sleep infinity", {
          readinessProbe: { exec: { command: ["test", "-e", "/tmp/ready"] }, periodSeconds: 1 },
        }),
      },
    },
  }),
  object("policy/v1", "PodDisruptionBudget", "guarded", {
    spec: { minAvailable: 1, selector: { matchLabels: { app: "guarded" } } },
  }),
];
export const makeReady = ["touch", "/tmp/ready"];

/** A class whose volumes outlive their claims. */
export const keeping: KubeObject = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: "kept" },
  provisioner: volumeProvisioner,
  reclaimPolicy: "Retain",
};

/** A claim of 1 GiB. @param spec - more fields of it */
export const claim = (name: string, storageClassName: string, mode: string, spec: object = {}): KubeObject =>
  object("v1", "PersistentVolumeClaim", name, {
    spec: { storageClassName, accessModes: [mode], resources: { requests: { storage: "1Gi" } }, ...spec },
  });

/** A pod that waits, with a claim's volume at `/data`. */
export function withClaim(name: string, node: string, claimName: string): KubeObject {
  const waiting = shell(name, node) as KubeObject & { readonly spec: { readonly containers: readonly object[] } };
  const [container] = waiting.spec.containers;
  return {
    ...waiting,
    spec: {
      ...waiting.spec,
      containers: [{ ...container, volumeMounts: [{ name: "data", mountPath: "/data" }] }],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName } }],
    },
  };
}
