import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Exceptions } from "./exceptions.ts";
import { dropUndefined } from "./metadata.ts";
import type { Probes } from "./probe.ts";
import type { Resources } from "./resources.ts";
import { toResources } from "./resources.ts";
import type { Mount, RestartChecksum } from "./volume.ts";

/** A variable's value from a Secret, a ConfigMap or the pod itself; made by `secret.env()`, `files.env()`, {@link field}. */
export interface EnvSource {
  readonly valueFrom: k8s.types.input.core.v1.EnvVarSource;
  readonly checksum?: RestartChecksum;
}

/** All keys of a Secret or ConfigMap as variables; made by `secret.envFrom()` and `files.envFrom()`. */
export interface EnvFrom {
  readonly source: k8s.types.input.core.v1.EnvFromSource;
  readonly checksum?: RestartChecksum;
}

/** A container that ends: of a Job or CronJob, or an init container. */
export interface ContainerArgs {
  readonly name: string;
  /** Pinned by tag or digest. @throws if the tag is missing or `latest` without the exception `floating-tag` */
  readonly image: pulumi.Input<string>;
  /** @default the image's entrypoint */
  readonly command?: readonly pulumi.Input<string>[];
  /** @default the image's arguments */
  readonly args?: readonly pulumi.Input<string>[];
  readonly workingDir?: string;
  /** Variable -> value, in this order. */
  readonly env?: Readonly<Record<string, pulumi.Input<string> | EnvSource>>;
  readonly envFrom?: readonly EnvFrom[];
  /** Path -> mount. */
  readonly mounts?: Readonly<Record<string, Mount>>;
  /** Writable paths, each an emptyDir of this container. @default ["/tmp"] */
  readonly scratch?: readonly string[];
  /** Port name -> number; TCP unless it says otherwise. */
  readonly ports?: Readonly<Record<string, number | { readonly port: number; readonly protocol: "UDP" | "SCTP" }>>;
  readonly resources: Resources;
  /** Capabilities added after ALL are dropped; needs the exception `capabilities`. @default none */
  readonly capabilities?: readonly string[];
  /** @default IfNotPresent, or Always with the exception `floating-tag` */
  readonly pullPolicy?: "IfNotPresent" | "Always" | "Never";
  /** Rules that this container breaks, with the reason. @default none */
  readonly exceptions?: Exceptions;
  /** Fields that no argument covers (lifecycle, tty, terminationMessagePolicy, ...). */
  readonly extra?: Partial<k8s.types.input.core.v1.Container>;
}

/** A long-running container; it must have probes. */
export interface ServingContainerArgs extends ContainerArgs {
  readonly probes: Probes;
}

/** A field of the pod as a variable, e.g. `metadata.namespace`. */
export function field(fieldPath: string): EnvSource {
  return { valueFrom: { fieldRef: { fieldPath } } };
}

/** The exceptions of a container, with `no-probes` when its probes say so. */
export function exceptionsOf(container: ContainerArgs | ServingContainerArgs): Exceptions {
  const none = "probes" in container && "none" in container.probes ? { "no-probes": container.probes.none } : {};
  return { ...container.exceptions, ...none };
}

/** Seconds until a liveness probe gives up, unless it says otherwise: after Kubernetes' one second, programs that only wait for a processor are ended. */
const patience = 5;

/** Kubernetes' container; secure unless an exception says otherwise. */
export function toContainer(args: ContainerArgs | ServingContainerArgs): k8s.types.input.core.v1.Container {
  const rules = exceptionsOf(args);
  checkImage(args);
  if (toLimit(args.resources) === "none" && rules["no-cpu-limit"] === undefined) {
    throw new Error(`[resources.cpu] of container "${args.name}" has no limit: give the exception "no-cpu-limit"`);
  }
  if (args.capabilities !== undefined && rules.capabilities === undefined) {
    throw new Error(`[capabilities] of container "${args.name}" need the exception "capabilities"`);
  }
  for (const port of Object.keys(args.ports ?? {})) {
    if (!/^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(port)) {
      const right = "at most 15 of a-z, 0-9 and inner hyphens with at least one letter";
      throw new Error(`[ports] of container "${args.name}": "${port}" is no port name; expected ${right}`);
    }
  }
  const probes = "probes" in args && !("none" in args.probes) ? args.probes : undefined;
  return dropUndefined<k8s.types.input.core.v1.Container>({
    name: args.name,
    image: args.image,
    // A moving tag must be pulled again each time.
    imagePullPolicy: args.pullPolicy ?? (rules["floating-tag"] === undefined ? "IfNotPresent" : "Always"),
    command: args.command === undefined ? undefined : [...args.command],
    args: args.args === undefined ? undefined : [...args.args],
    workingDir: args.workingDir,
    env: args.env === undefined ? undefined : Object.entries(args.env).map(([name, value]) => toEnvVar(name, value)),
    envFrom: args.envFrom?.map(({ source }) => source),
    ports:
      args.ports === undefined
        ? undefined
        : Object.entries(args.ports).map(([name, port]) =>
            typeof port === "number"
              ? { name, containerPort: port, protocol: "TCP" }
              : { name, containerPort: port.port, protocol: port.protocol },
          ),
    resources: toResources(args.resources),
    volumeMounts: mountsOf(args).map(({ path, mount, volume }) => ({
      name: volume,
      mountPath: path,
      ...(mount.readOnly === undefined ? {} : { readOnly: mount.readOnly }),
      ...(mount.subPath === undefined ? {} : { subPath: mount.subPath }),
      ...(mount.propagation === undefined ? {} : { mountPropagation: mount.propagation }),
    })),
    ...(probes !== undefined && "readiness" in probes ? { readinessProbe: probes.readiness } : {}),
    ...(probes?.liveness === undefined ? {} : { livenessProbe: { timeoutSeconds: patience, ...probes.liveness } }),
    ...(probes?.startup === undefined ? {} : { startupProbe: probes.startup }),
    securityContext: {
      runAsNonRoot: rules["run-as-root"] === undefined,
      readOnlyRootFilesystem: rules["writable-root"] === undefined,
      allowPrivilegeEscalation: rules["privilege-escalation"] !== undefined || rules.privileged !== undefined,
      ...(rules.privileged === undefined ? {} : { privileged: true }),
      capabilities: { drop: ["ALL"], ...(args.capabilities === undefined ? {} : { add: [...args.capabilities] }) },
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...args.extra,
  });
}

/** A container's mounts with the volume names resolved: its own, then the scratch paths that nothing covers. */
export function mountsOf(args: ContainerArgs): readonly { path: string; mount: Mount; volume: string }[] {
  const mounts = { ...args.mounts };
  for (const path of args.scratch ?? ["/tmp"]) {
    mounts[path] ??= { source: { emptyDir: {} }, identity: "scratch" };
  }
  return Object.entries(mounts).map(([path, mount]) => ({
    path,
    mount,
    volume:
      mount.volume ??
      `${args.name}${path}`
        .replaceAll(/[^a-z0-9]+/gi, "-")
        .toLowerCase()
        .slice(0, 63),
  }));
}

/** Everything a container reads whose change must restart the pod. */
export function checksumsOf(args: ContainerArgs): readonly RestartChecksum[] {
  const sources = Object.values(args.env ?? {}).flatMap((value) => (isEnvSource(value) ? [value] : []));
  return [...sources, ...(args.envFrom ?? []), ...Object.values(args.mounts ?? {})].flatMap(({ checksum }) =>
    checksum === undefined ? [] : [checksum],
  );
}

function toEnvVar(name: string, value: pulumi.Input<string> | EnvSource): k8s.types.input.core.v1.EnvVar {
  return isEnvSource(value) ? { name, valueFrom: value.valueFrom } : { name, value };
}

function isEnvSource(value: pulumi.Input<string> | EnvSource): value is EnvSource {
  return typeof value === "object" && !pulumi.Output.isInstance(value) && "valueFrom" in value;
}

function toLimit(resources: Resources): string {
  return typeof resources.cpu === "string" ? resources.cpu : resources.cpu[1];
}

/** @throws if a plain image name is not pinned */
function checkImage({ name, image, exceptions }: ContainerArgs): void {
  if (typeof image !== "string" || image.includes("@sha256:") || exceptions?.["floating-tag"] !== undefined) {
    return;
  }
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  if (tag === undefined || tag === "latest") {
    throw new Error(
      `[image] of container "${name}": "${image}" is not pinned: give a tag other than latest or a digest`,
    );
  }
}
