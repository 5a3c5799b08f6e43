import * as pulumi from "@pulumi/pulumi";
import { CronJob } from "../../blocks/kubernetes/cronJob.ts";
import { RoleBinding } from "../../blocks/kubernetes/roleBinding.ts";
import { apiServer, dns, NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import { ServiceAccount } from "../../blocks/kubernetes/serviceAccount.ts";
import { anyUser, type PackitContext, imageOf } from "./context.ts";

/** Deletes sandboxes that ended a day ago, and interim volumes that no pod has. */
export class Cleanup extends pulumi.ComponentResource {
  constructor(
    name: string,
    args: { readonly context: PackitContext; readonly namespace: NamespaceRef },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("orrery:packit:Cleanup", name, {}, opts);
    const { context, namespace } = args;
    const { settings } = context;
    const labels = { app: "delete-pvcs" };
    const account = new ServiceAccount(
      name,
      { namespace, name: "pvcdeleter", labels, mountsToken: true },
      { parent: this },
    );
    const verbs = ["get", "list", "delete"];
    new RoleBinding(
      name,
      {
        namespace,
        name: "pvcdeleter",
        rules: [{ apiGroups: [""], resources: ["pods", "persistentvolumeclaims"], verbs }],
        subjects: [account],
      },
      { parent: this },
    );
    new CronJob(
      name,
      {
        namespace,
        name: "delete-pvcs",
        labels,
        schedule: settings.sandbox.cleanup,
        suspend: settings.suspendCronJobs,
        serviceAccount: account,
        deadlineSeconds: 1800,
        restart: "OnFailure",
        runAs: anyUser,
        containers: [
          {
            name: "delete-pvcs",
            ...imageOf(context, "deletePvcs"),
            command: ["bash", "-c", cleanupScript],
            env: { DEPLOYMENT: settings.deployment, SANDBOX_NAMESPACE: namespace.plainName, HOME: "/tmp" },
            // A call of today's oc alone takes as much as the seed gave the whole job.
            resources: { cpu: "100m", memory: ["80Mi", "256Mi"] },
          },
        ],
      },
      { parent: this },
    );
    new NetworkPolicy(
      name,
      { namespace, name: "delete-pvcs", pods: labels, egress: [dns(), apiServer()] },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** oc uses the pod's service account. Cache PVCs have another suffix and are kept. */
const cleanupScript = `set -euo pipefail
now=$(date +%s)
age() { echo $((now - $(date -d "$1" +%s))); }

pods='{range .items[*]}{.metadata.name}|{.status.containerStatuses[0].state.terminated.reason}|{.metadata.creationTimestamp}{"\\n"}{end}'
oc get pods -n "$SANDBOX_NAMESPACE" -o "jsonpath=$pods" | while IFS='|' read -r name reason made; do
  case $reason in Completed | OOMKilled) ;; *) continue ;; esac
  [ "$(age "$made")" -lt 86400 ] || oc delete pod "$name" -n "$SANDBOX_NAMESPACE" --wait=false
done

mounted=$(oc get pods -n "$SANDBOX_NAMESPACE" \\
  -o 'jsonpath={range .items[*]}{range .spec.volumes[*]}{.persistentVolumeClaim.claimName}{"\\n"}{end}{end}')
claims='{range .items[*]}{.metadata.name}|{.metadata.creationTimestamp}{"\\n"}{end}'
oc get pvc -n "$SANDBOX_NAMESPACE" -o "jsonpath=$claims" | while IFS='|' read -r name made; do
  case $name in sandcastle-*-pvc) ;; *) continue ;; esac
  # A worker makes the volume first and its pod afterwards.
  [ "$(age "$made")" -ge 1800 ] || continue
  grep -qxF "$name" <<<"$mounted" || oc delete pvc "$name" -n "$SANDBOX_NAMESPACE" --wait=false
done
`;
