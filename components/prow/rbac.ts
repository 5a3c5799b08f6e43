import type * as k8s from "@pulumi/kubernetes";
import type { ProwSettings } from "./settings.ts";

type Rule = k8s.types.input.rbac.v1.PolicyRule;

/** Permissions of one account in the jobs' namespace, where ProwJobs, pods and leader locks are, and elsewhere. */
interface AccountPermissions {
  /** In Prow's own namespace. */
  readonly prow?: readonly Rule[];
  readonly jobs: readonly Rule[];
  /** In the whole cluster: objects that are in no namespace. */
  readonly cluster?: readonly Rule[];
}

const prowJobs = (...verbs: string[]): Rule => ({ apiGroups: ["prow.k8s.io"], resources: ["prowjobs"], verbs });
const core = (resources: string[], ...verbs: string[]): Rule => ({ apiGroups: [""], resources, verbs });

/** Leader election by a Lease, and the events that tell who leads. */
function leaderLock(lock: string): readonly Rule[] {
  const leases = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
  return [
    { ...leases, resourceNames: [lock], verbs: ["get", "update"] },
    { ...leases, verbs: ["create"] },
    core(["events"], "create", "patch"),
  ];
}

/** Permissions by account; all but crier's in the cluster are in Roles, because other environments may share the cluster. */
export const permissions = {
  "prow-controller-manager": {
    jobs: [
      core(["pods"], "create", "delete", "get", "list", "patch", "watch"),
      prowJobs("get", "list", "watch", "patch"),
      ...leaderLock("prow-controller-manager-leader-lock"),
    ],
  },
  sinker: {
    jobs: [
      core(["pods"], "delete", "list", "watch", "get", "patch"),
      prowJobs("delete", "list", "watch", "get"),
      ...leaderLock("prow-sinker-leaderlock"),
    ],
  },
  crier: {
    jobs: [core(["pods"], "get", "patch"), core(["events"], "list"), prowJobs("get", "watch", "list", "patch")],
    // The node of a job's pod is part of podinfo.json.
    cluster: [core(["nodes"], "get")],
  },
  deck: { jobs: [core(["pods/log"], "get"), prowJobs("get", "list", "watch", "create", "patch")] },
  hook: {
    // Only where it updates ConfigMaps.
    prow: [core(["configmaps"], "create", "get", "update")],
    jobs: [prowJobs("create", "list", "update")],
  },
  horologium: { jobs: [prowJobs("create", "list", "watch")] },
  tide: { jobs: [prowJobs("create", "list", "watch")] },
  statusreconciler: { jobs: [prowJobs("create")] },
  exporter: { jobs: [prowJobs("list", "watch")] },
  "prow-rehearse": { jobs: [prowJobs("create")] },
} as const satisfies Readonly<Record<string, AccountPermissions>>;

export type AccountName = keyof typeof permissions;

/** Permissions of an account in an environment. */
export function permissionsOf(
  account: AccountName,
  { configuration }: Pick<ProwSettings, "configuration">,
): AccountPermissions {
  const { prow = [], ...own }: AccountPermissions = permissions[account];
  return { ...own, ...(configuration.updaterOwns.length === 0 ? {} : { prow }) };
}
