import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { EnvSource } from "../../blocks/kubernetes/container.ts";
import { Deployment, type DeploymentArgs } from "../../blocks/kubernetes/deployment.ts";
import { exceptionPrefix, type Exceptions } from "../../blocks/kubernetes/exceptions.ts";
import { NetworkPolicy, type Traffic } from "../../blocks/kubernetes/networkPolicy.ts";
import { http, type Probes } from "../../blocks/kubernetes/probe.ts";
import type { Resources } from "../../blocks/kubernetes/resources.ts";
import { Service, type ServicePort } from "../../blocks/kubernetes/service.ts";
import type { ServiceAccount } from "../../blocks/kubernetes/serviceAccount.ts";
import type { Mount } from "../../blocks/kubernetes/volume.ts";
import type { ProwSettings } from "./settings.ts";
import { type ProwContext } from "./context.ts";
import { named } from "./names.ts";
import type { WorkloadName } from "./inventory.ts";

export interface ProwComponentArgs {
  readonly context: ProwContext;
  /** Name of its Deployment, without prefix. */
  readonly name: WorkloadName;
  /** Label `app` of its pods. @default `name` */
  readonly app?: string;
  /** @default an account of its own, without a token */
  readonly account?: ServiceAccount;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | EnvSource>>;
  readonly mounts?: Readonly<Record<string, Mount>>;
  readonly ports?: Readonly<Record<string, number>>;
  /** @default {@link alive} */
  readonly probes?: Probes;
  /** Writable folders besides its mounts. @default /tmp */
  readonly scratch?: readonly string[];
  readonly capabilities?: readonly string[];
  /** @default {@link defaultResources} */
  readonly resources?: Resources;
  readonly replicas?: number;
  readonly strategy?: DeploymentArgs["strategy"];
  readonly graceSeconds?: number;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly k8s.types.input.core.v1.Toleration[];
  /** Numeric user and group. @default {@link nobody} */
  readonly runAs?: DeploymentArgs["runAs"];
  readonly exceptions?: Exceptions;
  /** Its Service. @default none */
  readonly service?: ComponentService;
  /** Sources of its calls. @default none */
  readonly ingress?: readonly Traffic[];
  /** Destinations of its calls besides DNS. @default none */
  readonly egress?: readonly Traffic[];
}

/** The Service in front of a component. */
interface ComponentService {
  /** Without prefix. @default the component's name */
  readonly name?: string;
  readonly ports: Readonly<Record<string, ServicePort>>;
  /** A node port, as upstream's and the runbook's manifests have it. @default false */
  readonly nodePort?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

/** User of images that name none; the image's files are world-readable. */
export const nobody = { user: 65_532, group: 65_532, fsGroup: 65_532 } as const;

/** The runbook's LimitRange gave containers without requests 512Mi. */
const defaultResources: Resources = { cpu: ["100m", "1"], memory: "512Mi" };

/** Folders in which Prow's git client keeps clones, regardless of flags; programs exit at start without them. */
export const clones = ["/tmp", "/var/tmp"] as const;

/** Health endpoint of most programs of Prow; see {@link running} for the others. */
const alive: Probes = { liveness: http("/healthz", 8081, { delay: 3, period: 3 }) };

/** Programs with callers also report when they have read their configuration. */
export const aliveAndReady: Probes = {
  liveness: http("/healthz", 8081, { delay: 3, period: 3 }),
  readiness: http("/healthz/ready", 8081, { period: 3, timeout: 600 }),
};

/** tide, sinker, crier, horologium and statusreconciler never open their health port, but serve the profiler. */
export const running: Probes = { liveness: http("/debug/pprof/cmdline", 6060, { delay: 3, period: 10 }) };

/** One program of Prow: Deployment, Service and NetworkPolicy. */
export class ProwComponent extends pulumi.ComponentResource {
  readonly service: Service | undefined;

  constructor(name: string, args: ProwComponentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Component", name, {}, opts);
    const { namespace, settings } = args.context;
    const labels = { app: args.app ?? args.name };
    const deployment = new Deployment(name, deploymentOf(args, labels), { parent: this });
    this.service =
      args.service === undefined
        ? undefined
        : new Service(name, serviceOf(args, args.service, labels, deployment), { parent: this });
    new NetworkPolicy(
      name,
      {
        namespace,
        name: named(settings, args.name),
        labels,
        pods: labels,
        ...definedOnly({ ingress: args.ingress, egress: args.egress }),
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

function deploymentOf(args: ProwComponentArgs, labels: Readonly<Record<string, string>>): DeploymentArgs {
  const { context, name, account, args: flags, env, mounts, scratch, capabilities, ports, exceptions } = args;
  return {
    namespace: context.namespace,
    name: named(context.settings, name),
    labels,
    replicas: args.replicas ?? 1,
    runAs: args.runAs ?? nobody,
    ...definedOnly({ serviceAccount: account }),
    ...definedOnly({ strategy: args.strategy, graceSeconds: args.graceSeconds }),
    ...definedOnly({ nodeSelector: args.nodeSelector, tolerations: args.tolerations }),
    containers: [
      {
        name,
        image: context.images[imageOf(name)],
        ...definedOnly({ args: flags, env, mounts, scratch, capabilities, ports, exceptions }),
        resources: resourcesOf(context.settings, name, args.resources),
        probes: args.probes ?? alive,
      },
    ],
  };
}

/** Label sync runs once an organisation, from one image. */
export function imageOf(name: WorkloadName): keyof ProwContext["images"] {
  return name === "label-sync-kubevirt" || name === "label-sync-nmstate" ? "label-sync" : name;
}

/** A component's resources, overridden by the settings. */
export function resourcesOf(
  { resources }: Pick<ProwSettings, "resources">,
  name: WorkloadName,
  own: Resources = defaultResources,
): Resources {
  const { cpu, memory } = resources[name] ?? {};
  return { ...own, ...definedOnly({ cpu, memory }) };
}

function serviceOf(
  { context, name }: ProwComponentArgs,
  service: ComponentService,
  labels: Readonly<Record<string, string>>,
  of: Deployment,
): ConstructorParameters<typeof Service>[1] {
  const nodePort = service.nodePort === true;
  return {
    namespace: context.namespace,
    name: named(context.settings, service.name ?? name),
    labels: { ...labels, ...service.labels },
    ...(nodePort
      ? {
          type: "NodePort",
          annotations: {
            [`${exceptionPrefix}public-service`]: "load balancers in front of the cluster call node ports",
          },
        }
      : {}),
    of,
    ports: service.ports,
  };
}

/** The members that are not undefined, for optional arguments. */
function definedOnly<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
