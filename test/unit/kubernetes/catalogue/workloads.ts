import { field } from "../../../../blocks/kubernetes/container.ts";
import type { ServingContainerArgs } from "../../../../blocks/kubernetes/container.ts";
import { existingNamespace } from "../../../../blocks/kubernetes/metadata.ts";
import { http, tcp } from "../../../../blocks/kubernetes/probe.ts";
import { claimTemplate, scratch } from "../../../../blocks/kubernetes/volume.ts";
import { decorated, least, type Section } from "./section.ts";

const serving: ServingContainerArgs = { ...least, probes: { readiness: tcp(80) } };
const ports = { web: 8080, dns: { port: 53, protocol: "UDP" } } as const;

const full: ServingContainerArgs = {
  ...{ name: "full", image: "example/full", pullPolicy: "Never", workingDir: "/srv" },
  ...{ command: ["run"], args: ["--all"], env: { A: "1", POD: field("metadata.name") }, ports },
  mounts: {
    "/shared": scratch({ volume: "shared", readOnly: true, subPath: "a", propagation: "Bidirectional" }),
    "/Own Path": scratch(),
  },
  scratch: ["/tmp", "/shared"],
  resources: { cpu: ["10m", "none"], memory: ["1Mi", "2Mi"], ephemeralStorage: "1Gi" },
  capabilities: ["NET_BIND_SERVICE"],
  exceptions: {
    ...{ "writable-root": "writes", "run-as-root": "roots", "privilege-escalation": "climbs", capabilities: "binds" },
    ...{ privileged: "rules", "no-cpu-limit": "bursts", "floating-tag": "floats" },
  },
  probes: { readiness: http("/", "web"), liveness: tcp("web"), startup: tcp(8080) },
  extra: { tty: true },
};

/** The four kinds of workload; with minimal and with complete pods. */
export const workloadBlocks: Section = async (cluster, opts) => {
  const { Deployment } = await import("../../../../blocks/kubernetes/deployment.ts");
  const { StatefulSet } = await import("../../../../blocks/kubernetes/statefulSet.ts");
  const { CronJob } = await import("../../../../blocks/kubernetes/cronJob.ts");
  const { Job } = await import("../../../../blocks/kubernetes/job.ts");
  const { ServiceAccount } = await import("../../../../blocks/kubernetes/serviceAccount.ts");
  const namespace = existingNamespace(cluster, "apps");
  const serviceAccount = new ServiceAccount("account", { namespace, name: "account", mountsToken: true }, opts);
  const affinity = { nodeAffinity: {} };
  const pod = {
    ...{ serviceAccount, podLabels: { tier: "web" }, podAnnotations: { note: "pod" }, graceSeconds: 5 },
    ...{ nodeSelector: { disk: "ssd" }, tolerations: [{ operator: "Exists" }], affinity, hostNetwork: true },
    ...{ runAs: { user: 1, group: 2, fsGroup: 3 }, exceptions: { "host-network": "listens" } },
    podExtra: { priorityClassName: "high" },
  };
  const first = { ...least, name: "first", scratch: ["/work"] };

  const deployment = new Deployment("deployment-least", { namespace, name: "least", containers: [serving] }, opts);
  const everything = new Deployment(
    "deployment-full",
    {
      ...{ namespace, name: "full", ...decorated, ...pod, containers: [full], initContainers: [first] },
      ...{ selector: { app: "pods" }, replicas: 3, strategy: "Recreate", revisionHistory: 2, maxUnavailable: "50%" },
    },
    opts,
  );
  new Deployment(
    "deployment-two",
    {
      ...{
        namespace,
        name: "two",
        labels: { app: "two" },
        replicas: 2,
        strategy: { maxSurge: 1, maxUnavailable: "25%" },
      },
      ...{ runAs: { user: 7 }, containers: [{ ...serving, probes: { liveness: tcp(80) } }] },
    },
    opts,
  );
  const two = [
    { ...serving, probes: { none: "a batch" } },
    { ...serving, name: "side", ports: { side: 1 }, capabilities: [], exceptions: { capabilities: "none" } },
  ] as const;
  new Deployment(
    "deployment-rolling",
    { namespace, name: "rolling", strategy: "RollingUpdate", runAs: { fsGroup: 9 }, containers: two },
    opts,
  );

  new StatefulSet("set-least", { namespace, name: "set", containers: [serving] }, opts);
  const data = { size: "1Gi", storageClass: "fast", accessModes: ["ReadWriteMany"], annotations: { note: "data" } };
  const mounting = { ...serving, mounts: { "/data": claimTemplate("data"), "/log": claimTemplate("log") } };
  const set = new StatefulSet(
    "set-full",
    {
      ...{
        namespace,
        name: "set-full",
        ...decorated,
        ...pod,
        containers: [mounting],
        selector: { app: "set" },
        replicas: 2,
      },
      ...{ serviceName: "names", claimTemplates: { data, log: { size: "2Gi" } }, podManagement: "Parallel" },
      ...{ revisionHistory: 3, maxUnavailable: 2, retention: { protect: true } },
    },
    opts,
  );
  new StatefulSet(
    "set-two",
    { namespace, name: "set-two", labels: { app: "s" }, replicas: 2, containers: [serving] },
    opts,
  );

  const run = { namespace, deadlineSeconds: 60, containers: [least] as const };
  new CronJob("cron-least", { ...run, name: "cron", schedule: "@daily" }, opts);
  const often = { retries: 2, restart: "OnFailure", removeAfterSeconds: 9 } as const;
  new CronJob(
    "cron-full",
    {
      ...{ ...run, name: "cron-full", ...decorated, ...pod, ...often, schedule: "0 0 * * *", timeZone: "Europe/Paris" },
      ...{ suspend: true, concurrency: "Replace", history: [1, 2], startWithinSeconds: 5 },
    },
    opts,
  );
  new Job("job-least", { ...run, name: "job" }, opts);
  new Job("job-full", { ...run, name: "job-full", ...decorated, ...pod, ...often, labels: { app: "job" } }, opts);

  return {
    workloads: [deployment, everything, set].map(({ name, selector, ports: declared, namespace: where }) => ({
      ...{ name, selector, ports: declared, namespace: where.plainName },
    })),
  };
};
