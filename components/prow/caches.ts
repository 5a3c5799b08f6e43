import * as pulumi from "@pulumi/pulumi";
import { PersistentVolumeClaim } from "../../blocks/kubernetes/persistentVolumeClaim.ts";
import { anywhere, pods } from "../../blocks/kubernetes/networkPolicy.ts";
import { http, soon, tcp } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import { ServiceAccount } from "../../blocks/kubernetes/serviceAccount.ts";
import { hostPath } from "../../blocks/kubernetes/volume.ts";
import { type ProwContext, onCacheDisks, tolerates, traffic } from "./context.ts";
import { named } from "./names.ts";
import { ProwComponent } from "./component.ts";

/** Why both caches are root: the kubelet makes a missing folder for root alone. */
const exceptions = {
  "host-path": "the cache is as large as a disk of its node and is kept when the pod goes",
  "run-as-root": "the folder on the node belongs to root",
} as const;

/** Caches for jobs: a mirror of Docker Hub, and Bazel's build cache. */
export class Caches extends pulumi.ComponentResource {
  constructor(name: string, context: ProwContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Caches", name, {}, opts);
    const { settings, configMaps } = context;
    const account = new ServiceAccount(
      name,
      { namespace: context.namespace, name: named(settings, "caches") },
      { parent: this },
    );
    const fromJobs = (port: number) => pods({}, [port], settings.namespaces.jobs);
    new ProwComponent(
      `${name}-docker-mirror`,
      {
        context,
        name: "docker-mirror",
        account,
        mounts: {
          "/etc/docker/registry": configMaps.mount("mirror-config"),
          "/var/lib/registry": folder("docker-mirror", context),
        },
        runAs: {},
        exceptions,
        graceSeconds: 180,
        nodeSelector: { type: onCacheDisks.type, "ci.kubevirt.io/cachenode": "true" },
        tolerations: [tolerates("cachenode")],
        resources: { cpu: ["100m", "1"], memory: "3Gi" },
        ports: { http: 5000 },
        probes: { readiness: http("/", "http", soon) },
        service: { ports: { http: { port: 5000 } } },
        ingress: [fromJobs(5000)],
        egress: [anywhere(443)],
      },
      { parent: this },
    );
    this.buildCache(name, context, account);
    this.registerOutputs({});
  }

  private buildCache(name: string, context: ProwContext, account: ServiceAccount): void {
    const { namespace, settings } = context;
    // Unused, as in the runbook; an existing claim with data is kept.
    new PersistentVolumeClaim(
      `${name}-greenhouse`,
      {
        namespace,
        name: named(settings, "greenhouse"),
        labels: { app: "greenhouse" },
        annotations: { "pulumi.com/skipAwait": "true" },
        size: settings.greenhouse.size,
        ...(settings.greenhouse.storageClass === undefined ? {} : { storageClass: settings.greenhouse.storageClass }),
        ...(settings.greenhouse.accessMode === undefined ? {} : { accessModes: [settings.greenhouse.accessMode] }),
        ...(settings.greenhouse.volumeName === undefined ? {} : { volumeName: settings.greenhouse.volumeName }),
        retention: { protect: settings.protect, retainOnDelete: settings.retainOnDelete },
      },
      { parent: this },
    );
    new ProwComponent(
      `${name}-greenhouse`,
      {
        context,
        name: "greenhouse",
        account,
        args: ["--dir=/data", "--min-percent-blocks-free=3"],
        mounts: { "/data": folder("greenhouse", context) },
        runAs: {},
        exceptions,
        nodeSelector: onCacheDisks,
        tolerations: [tolerates("cachenode")],
        resources: { cpu: ["100m", "1200m"], memory: "3Gi" },
        ports: { cache: 8080, metrics: 9090 },
        probes: { readiness: tcp("cache", soon) },
        service: { name: "bazel-cache", ports: { cache: { port: 8080 } }, labels: { run: "bazel-cache" } },
        ingress: [pods({}, [8080], settings.namespaces.jobs), traffic.metrics],
      },
      { parent: this },
    );
    new Service(
      `${name}-greenhouse-metrics`,
      {
        namespace,
        name: named(settings, "bazel-cache-metrics"),
        labels: { app: "greenhouse", metrics: "true" },
        of: { selector: { app: "greenhouse" } },
        ports: { metrics: { port: 80, target: 9090 } },
      },
      { parent: this },
    );
  }
}

/** A folder of the node that belongs to this environment alone. */
function folder(cache: "docker-mirror" | "greenhouse", { settings }: ProwContext) {
  return hostPath(`/var/lib/${cache}/${settings.namespaces.prow}`, { volume: "cache", type: "DirectoryOrCreate" });
}
