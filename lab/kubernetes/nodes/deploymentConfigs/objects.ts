/**
 * DeploymentConfigs and the ReplicationControllers that are their rollouts.
 * Source: re-implemented after github.com/openshift/library-go, pkg/apps/appsutil.
 */
import type { KubeObject } from "../../api.ts";

/** OpenShift's annotations of a rollout; `config` is also the label that finds it. */
export const annotation = {
  config: "openshift.io/deployment-config.name",
  version: "openshift.io/deployment-config.latest-version",
  encoded: "openshift.io/encoded-deployment-config",
  name: "openshift.io/deployment.name",
  phase: "openshift.io/deployment.phase",
  reason: "openshift.io/deployment.status-reason",
  cancelled: "openshift.io/deployment.cancelled",
  replicas: "openshift.io/deployment.replicas",
  /** How many pods a rollout that goes on is to have. */
  desired: "kubectl.kubernetes.io/desired-replicas",
} as const;

export interface Container {
  readonly name: string;
  readonly image?: string;
}

export interface Template {
  readonly metadata?: Pick<KubeObject["metadata"], "labels" | "annotations">;
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
}

export interface Trigger {
  readonly type: string;
  readonly imageChangeParams?: {
    readonly automatic?: boolean;
    readonly containerNames?: readonly string[];
    readonly from: { readonly kind?: string; readonly name: string; readonly namespace?: string };
    readonly lastTriggeredImage?: string;
  };
}

interface StrategyParameters {
  readonly timeoutSeconds?: number;
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
  readonly pre?: object;
  readonly mid?: object;
  readonly post?: object;
}

export interface Strategy {
  /** @default Rolling */
  readonly type?: string;
  readonly recreateParams?: StrategyParameters;
  readonly rollingParams?: StrategyParameters;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastUpdateTime?: string;
  readonly lastTransitionTime?: string;
}

export interface Status {
  readonly latestVersion?: number;
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly readyReplicas?: number;
  /** Why the latest version is there. */
  readonly details?: { readonly message: string; readonly causes: readonly object[] };
  readonly conditions?: readonly Condition[];
}

type Metadata = KubeObject["metadata"] & {
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly ownerReferences?: readonly { readonly uid: string; readonly controller?: boolean }[];
};

export interface DeploymentConfig extends KubeObject {
  readonly metadata: Metadata;
  readonly spec: {
    readonly replicas: number;
    readonly template?: Template | null;
    readonly selector?: Readonly<Record<string, string>>;
    readonly strategy?: Strategy;
    /** @default one of type ConfigChange */
    readonly triggers?: readonly Trigger[];
    readonly minReadySeconds?: number;
    /** @default 10 */
    readonly revisionHistoryLimit?: number;
    readonly paused?: boolean;
    /** Pods are there during a rollout only. */
    readonly test?: boolean;
  };
  readonly status?: Status;
}

export interface ReplicationController extends KubeObject {
  readonly metadata: Metadata;
  readonly spec: { readonly replicas: number; readonly template: Template };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
  };
}

const noted = (rollout: ReplicationController, name: keyof typeof annotation): string =>
  rollout.metadata.annotations?.[annotation[name]] ?? "";

export const versionOf = (rollout: ReplicationController): number => Number(noted(rollout, "version") || -1);
export const desiredOf = (rollout: ReplicationController): number => Number(noted(rollout, "desired"));
export const phaseOf = (rollout: ReplicationController): string => noted(rollout, "phase");
export const isCancelled = (rollout: ReplicationController): boolean => noted(rollout, "cancelled") === "true";
export const hasEnded = (rollout: ReplicationController): boolean => ["Complete", "Failed"].includes(phaseOf(rollout));
export const newestFirst = (rollouts: readonly ReplicationController[]): readonly ReplicationController[] =>
  [...rollouts].sort((a, b) => versionOf(b) - versionOf(a));
/** The newest rollout that succeeded: its pods are those that the config asks for. */
export const activeOf = (rollouts: readonly ReplicationController[]): ReplicationController | undefined =>
  newestFirst(rollouts).find((one) => phaseOf(one) === "Complete");

/** The spec that a rollout was made from. @throws if its annotation does not have it */
export function madeFrom(rollout: ReplicationController): DeploymentConfig["spec"] {
  try {
    return (JSON.parse(noted(rollout, "encoded")) as DeploymentConfig).spec;
  } catch {
    throw new Error(`annotation ${annotation.encoded} of ReplicationController ${rollout.metadata.name} is no JSON`);
  }
}

/** The latest version's rollout, without pods yet. */
export function rolloutOf(config: DeploymentConfig, template: Template): object {
  const { name, namespace, uid, labels, annotations } = config.metadata;
  const { replicas, minReadySeconds = 0 } = config.spec;
  const version = String(config.status?.latestVersion ?? 0);
  const called = `${name}-${version}`;
  const marks = { deploymentconfig: name, deployment: called };
  const noted = { [annotation.config]: name, [annotation.version]: version };
  const reason = config.status?.details?.message;
  const withoutSpace = (container: Container): Container => ({ ...container, image: container.image?.trim() ?? "" });
  const encoded = { apiVersion, kind, metadata: { name, namespace, uid, labels, annotations }, spec: config.spec };
  return {
    apiVersion: "v1",
    kind: "ReplicationController",
    metadata: {
      name: called,
      namespace,
      labels: { ...labels, [annotation.config]: name },
      annotations: {
        ...noted,
        [annotation.encoded]: JSON.stringify({ ...encoded, status: config.status }),
        [annotation.phase]: "New",
        [annotation.desired]: String(replicas),
        [annotation.replicas]: "0",
        ...(reason === undefined ? {} : { [annotation.reason]: reason }),
      },
      ownerReferences: [ownerOf(config)],
    },
    spec: {
      replicas: 0,
      minReadySeconds,
      selector: { ...(config.spec.selector ?? template.metadata?.labels), ...marks },
      template: {
        metadata: {
          labels: { ...template.metadata?.labels, ...marks },
          annotations: { ...template.metadata?.annotations, ...noted, [annotation.name]: called },
        },
        spec: { ...template.spec, containers: template.spec.containers.map(withoutSpace) },
      },
    },
  };
}

const apiVersion = "apps.openshift.io/v1";
const kind = "DeploymentConfig";

/** With it the rollouts go when their config is deleted. */
export const ownerOf = ({ metadata: { name, uid } }: DeploymentConfig): object => ({
  ...{ apiVersion, kind, name, uid },
  ...{ controller: true, blockOwnerDeletion: true },
});
