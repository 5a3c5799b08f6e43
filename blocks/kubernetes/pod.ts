import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { ContainerArgs } from "./container.ts";
import { exceptionsOf, mountsOf, checksumsOf, toContainer } from "./container.ts";
import type { ExceptionRule, Exceptions } from "./exceptions.ts";
import type { ObjectArgs } from "./metadata.ts";
import { annotationsOf, dropUndefined, withManagedBy } from "./metadata.ts";
import type { ServiceAccount } from "./serviceAccount.ts";
import type { RestartChecksum } from "./volume.ts";

/** The pod of a workload; `C` decides whether its containers must have probes. */
export interface PodArgs<C extends ContainerArgs> {
  readonly containers: readonly [C, ...C[]];
  readonly initContainers?: readonly ContainerArgs[];
  /** @default a service account of the workload's own name, without a token */
  readonly serviceAccount?: ServiceAccount;
  /** Labels of the pod only, besides the workload's. @default none */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** @default none */
  readonly podAnnotations?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Seconds between SIGTERM and SIGKILL. @default 30 */
  readonly graceSeconds?: number;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly k8s.types.input.core.v1.Toleration[];
  readonly affinity?: k8s.types.input.core.v1.Affinity;
  /** User and group ids on plain Kubernetes; OpenShift assigns its own. @default the image's */
  readonly runAs?: { readonly user?: number; readonly group?: number; readonly fsGroup?: number };
  /** Needs the exception `host-network`. @default false */
  readonly hostNetwork?: boolean;
  /** What restarts the pod besides its containers' variables and files, e.g. a Secret that a webhook gives it. @default none */
  readonly restartOn?: readonly (RestartChecksum | undefined)[];
  /** Rules that the pod as a whole breaks, with the reason. @default none */
  readonly exceptions?: Exceptions;
  /** Fields that no argument covers (hostAliases, priorityClassName, imagePullSecrets, dnsConfig, ...). */
  readonly podExtra?: Partial<k8s.types.input.core.v1.PodSpec>;
}

/** What the four kinds of workload have in common. */
export type WorkloadArgs<C extends ContainerArgs> = ObjectArgs &
  PodArgs<C> & {
    /** Goes on in a paused cluster: a database, which acts only when it is asked. @default false */
    readonly whilePaused?: boolean;
  };

/** The pod template of a workload. @throws if containers or volumes contradict each other or break a rule without a reason */
export function podTemplate(
  args: WorkloadArgs<ContainerArgs>,
  account: ServiceAccount,
  restartPolicy: "Always" | "OnFailure" | "Never",
): k8s.types.input.core.v1.PodTemplateSpec {
  const everyone = [...args.containers, ...(args.initContainers ?? [])];
  checkUnique(
    "container",
    everyone.map(({ name }) => name),
  );
  const broken = new Set<ExceptionRule>(
    [...everyone.map(exceptionsOf), args.exceptions ?? {}].flatMap((rules) => Object.keys(rules) as ExceptionRule[]),
  );
  if (args.hostNetwork === true && !broken.has("host-network")) {
    throw new Error(`[hostNetwork] of "${args.name}" needs the exception "host-network"`);
  }
  const volumes = toVolumes(everyone);
  if (volumes.some((volume) => "hostPath" in volume) && !broken.has("host-path")) {
    throw new Error(`[mounts] of "${args.name}": a host path needs the exception "host-path"`);
  }
  const changing = [...everyone.flatMap(checksumsOf), ...(args.restartOn ?? []).filter((one) => one !== undefined)];
  const checksums = new Map(changing.map(({ name, value }) => [checksumAnnotation(name), value]));
  const annotations = { ...args.podAnnotations, ...Object.fromEntries(checksums) };
  return {
    metadata: {
      labels: withManagedBy({ ...args.labels, ...args.podLabels }),
      ...annotationsOf(annotations),
    },
    spec: dropUndefined<k8s.types.input.core.v1.PodSpec>({
      serviceAccountName: account.allowed,
      automountServiceAccountToken: account.mountsToken,
      enableServiceLinks: false,
      restartPolicy,
      terminationGracePeriodSeconds: args.graceSeconds ?? 30,
      nodeSelector: args.nodeSelector,
      tolerations: args.tolerations === undefined ? undefined : [...args.tolerations],
      affinity: args.affinity,
      hostNetwork: args.hostNetwork,
      securityContext: podSecurity(args, broken),
      initContainers: args.initContainers?.map(toContainer),
      containers: args.containers.map(toContainer),
      volumes: volumes.length === 0 ? undefined : volumes,
      ...args.podExtra,
    }),
  };
}

/** Numbers of the ports that the containers declare, by name. */
export function portsOf(args: PodArgs<ContainerArgs>): Record<string, number> {
  const ports = args.containers.flatMap((container) => Object.entries(container.ports ?? {}));
  return Object.fromEntries(ports.map(([name, port]) => [name, typeof port === "number" ? port : port.port]));
}

/** OpenShift assigns user and group; its restricted SCC rejects fixed ids. */
function podSecurity(
  args: WorkloadArgs<ContainerArgs>,
  broken: ReadonlySet<ExceptionRule>,
): k8s.types.input.core.v1.PodSecurityContext {
  const ids = args.namespace.cluster.platform === "openshift" ? {} : (args.runAs ?? {});
  return dropUndefined<k8s.types.input.core.v1.PodSecurityContext>({
    runAsNonRoot: !broken.has("run-as-root"),
    runAsUser: "user" in ids ? ids.user : undefined,
    runAsGroup: "group" in ids ? ids.group : undefined,
    fsGroup: "fsGroup" in ids ? ids.fsGroup : undefined,
    fsGroupChangePolicy: "fsGroup" in ids ? "OnRootMismatch" : undefined,
    seccompProfile: { type: "RuntimeDefault" },
  });
}

/** One volume a name; the same name for two different things is an error. */
function toVolumes(containers: readonly ContainerArgs[]): k8s.types.input.core.v1.Volume[] {
  const seen = new Map<string, { identity: string; volume?: k8s.types.input.core.v1.Volume }>();
  for (const { name, mount } of containers.flatMap((container) =>
    mountsOf(container).map(({ volume, mount: one }) => ({ name: volume, mount: one })),
  )) {
    const known = seen.get(name);
    if (known !== undefined && known.identity !== mount.identity) {
      throw new Error(
        `[mounts] volume "${name}" is two things, ${known.identity} and ${mount.identity}: name one of them`,
      );
    }
    if (known === undefined) {
      seen.set(name, {
        identity: mount.identity,
        ...(mount.source === undefined ? {} : { volume: { name, ...mount.source } }),
      });
    }
  }
  return [...seen.values()].flatMap(({ volume }) => (volume === undefined ? [] : [volume]));
}

/** An annotation's name part ends at 63 characters. */
function checksumAnnotation(name: string): string {
  return `orrery/${name.slice(0, 63)}`;
}

function checkUnique(kind: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new Error(`two ${kind}s of one pod are called "${twice}"`);
  }
}
