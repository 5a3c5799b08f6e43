import type * as k8s from "@pulumi/kubernetes";

type Rule = k8s.types.input.rbac.v1.PolicyRule;

/** What one account may do; ProwJobs, pods and leader locks are in the jobs' namespace, ConfigMaps in Prow's. */
interface Rights {
  readonly prow: readonly Rule[];
  readonly jobs: readonly Rule[];
}

const prowJobs = (...verbs: string[]): Rule => ({ apiGroups: ["prow.k8s.io"], resources: ["prowjobs"], verbs });
const core = (resources: string[], ...verbs: string[]): Rule => ({ apiGroups: [""], resources, verbs });

/** Leader election; today's Prow uses Leases, the ConfigMap is what a running older one holds. */
function leaderLock(lock: string): readonly Rule[] {
  const held = { resourceNames: [lock], verbs: ["get", "update"] };
  return [
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], ...held },
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
    { apiGroups: [""], resources: ["configmaps"], ...held },
    core(["configmaps", "events"], "create"),
  ];
}

const controllerLock = leaderLock("prow-controller-manager-leader-lock");
const sinkerLock = leaderLock("prow-sinker-leaderlock");

/** Rights by account. Bound by a Role in each namespace, never in the whole cluster, where other environments live. */
export const rights = {
  "prow-controller-manager": {
    prow: [prowJobs("get", "list", "watch", "update", "patch"), ...controllerLock],
    jobs: [
      core(["pods"], "create", "delete", "get", "list", "patch", "watch"),
      prowJobs("get", "list", "watch", "update", "patch"),
      ...controllerLock,
    ],
  },
  sinker: {
    prow: [prowJobs("delete", "list", "watch", "get"), ...sinkerLock],
    jobs: [
      core(["pods"], "delete", "list", "watch", "get", "patch"),
      prowJobs("delete", "list", "watch", "get"),
      ...sinkerLock,
    ],
  },
  crier: {
    prow: [prowJobs("get", "watch", "list", "patch")],
    jobs: [core(["pods", "events"], "get", "list"), core(["pods"], "patch"), prowJobs("get", "watch", "list", "patch")],
  },
  deck: {
    prow: [prowJobs("get", "list", "watch")],
    jobs: [core(["pods/log"], "get"), prowJobs("get", "list", "watch", "create", "patch")],
  },
  hook: {
    prow: [prowJobs("create", "get", "list", "update"), core(["configmaps"], "create", "get", "update")],
    jobs: [prowJobs("create", "get", "list", "update")],
  },
  horologium: {
    prow: [prowJobs("create", "list", "watch")],
    jobs: [prowJobs("create", "list", "watch")],
  },
  tide: {
    prow: [prowJobs("create", "list", "get", "watch")],
    jobs: [prowJobs("create", "list", "get", "watch")],
  },
  statusreconciler: {
    prow: [prowJobs("create")],
    jobs: [prowJobs("create")],
  },
  exporter: {
    prow: [prowJobs("get", "list", "watch"), core(["configmaps"], "get", "list")],
    jobs: [prowJobs("get", "list", "watch")],
  },
  "prow-rehearse": {
    prow: [],
    jobs: [prowJobs("create")],
  },
} as const satisfies Readonly<Record<string, Rights>>;

export type AccountName = keyof typeof rights;
