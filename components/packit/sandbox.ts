import * as pulumi from "@pulumi/pulumi";
import { quantityOf } from "../../config/fields.ts";
import { PersistentVolumeClaim } from "../../blocks/kubernetes/persistentVolumeClaim.ts";
import { RoleBinding } from "../../blocks/kubernetes/roleBinding.ts";
import { Namespace } from "../../blocks/kubernetes/namespace.ts";
import { internet, NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { Quota } from "../../blocks/kubernetes/quota.ts";
import type { ServiceAccount } from "../../blocks/kubernetes/serviceAccount.ts";
import { Cleanup } from "./cleanup.ts";
import { type PackitContext, retention, storageClass } from "./context.ts";
import { runningFlavours, sandboxingPods, sandboxNamespace } from "./names.ts";
import { cachePairs } from "./inventory.ts";

export interface SandboxArgs {
  readonly context: PackitContext;
  /** Account of the workers, who make the sandboxes. */
  readonly workers: ServiceAccount;
}

/** What sandcastle calls; a pod's log and files go through its subresources. */
const workerRules = [
  { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "create", "delete"] },
  { apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"] },
  { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
  { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: ["get", "list", "create", "delete"] },
];

/** One sandbox. Source: sandcastle, which asks for these and an interim volume of 3Gi. */
const pod = { cpu: ["50m", 1], memory: ["512Mi", 768], interimGi: 3 } as const;

/** Pods that one worker may have at a time: one that runs and one that ends. */
const podsPerWorker = 2;

/** Namespace of the pods in which strangers' commands run. */
export class Sandbox extends pulumi.ComponentResource {
  constructor(name: string, args: SandboxArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Sandbox", name, {}, opts);
    const { context, workers } = args;
    const { service, settings } = context;
    const namespace = new Namespace(
      name,
      {
        cluster: context.namespace.cluster,
        name: sandboxNamespace(service, settings),
        podSecurity: { level: "baseline", reason: "sandcastle makes pods without a security context" },
        retention: retention(settings),
      },
      { parent: this },
    );
    const subjects = [workers];
    const object = { namespace, name: "packit-worker" };
    new RoleBinding(
      `${name}-workers`,
      settings.sandbox.role === "edit"
        ? { namespace, name: "edit", clusterRole: "edit", subjects }
        : { ...object, rules: workerRules, subjects },
      { parent: this },
    );
    new NetworkPolicy(
      name,
      { namespace, name: "sandbox", pods: {}, egress: [internet(settings.sandbox.deniedRanges)] },
      { parent: this },
    );
    new Quota(`${name}-quota`, { namespace, name: "sandbox", ...toQuota(settings) }, { parent: this });
    for (const { sandboxClaim } of cachePairs(settings)) {
      new PersistentVolumeClaim(
        `${name}-${sandboxClaim}`,
        {
          namespace,
          name: sandboxClaim,
          size: settings.repositoryCache.size,
          ...storageClass(settings),
          retention: retention(settings),
        },
        { parent: this },
      );
    }
    new Cleanup(`${name}-cleanup`, { context, namespace }, { parent: this });
    this.registerOutputs({});
  }
}

/** Quota for the sandboxes of all workers, for leftovers, and for the cleanup. */
function toQuota({ workers, sandbox, repositoryCache }: PackitContext["settings"]) {
  // Workers for short tasks make sandboxes, too: a package's run-condition is asked before its jobs are queued.
  const count = runningFlavours(workers).reduce((sum, { replicas }) => sum + replicas, 0);
  const caches = repositoryCache.enabled ? sandboxingPods(workers).length : 0;
  const pods = count * podsPerWorker + 1;
  const interim = count * sandbox.volumesPerWorker;
  const cacheGi = Math.ceil((caches * quantityOf(repositoryCache.size)) / 2 ** 30);
  return {
    hard: {
      pods: `${pods}`,
      "limits.cpu": `${pods * pod.cpu[1]}`,
      "limits.memory": `${pods * pod.memory[1]}Mi`,
      persistentvolumeclaims: `${interim + caches}`,
      "requests.storage": `${interim * pod.interimGi + cacheGi}Gi`,
    },
    defaults: {
      requests: { cpu: pod.cpu[0], memory: pod.memory[0] },
      limits: { cpu: `${pod.cpu[1]}`, memory: `${pod.memory[1]}Mi` },
    },
  };
}
