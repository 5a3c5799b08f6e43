/** Policies for pods; a workload may exempt a container or the pod by an exception with a reason. */
import { exemptedFrom, type Json, asList, type Manifest, asObject, type PodOf, podOf, asText } from "./manifest.ts";

/** A policy about one object. `check` returns one phrase per violation. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  check(manifest: Manifest): readonly string[];
}

/** A policy about each container of a workload. `exception` is the exception that exempts a container. */
function perContainer(
  name: string,
  description: string,
  exception: string | undefined,
  violation: (container: Json, pod: PodOf, manifest: Manifest) => string | undefined,
): Rule {
  return {
    name,
    description,
    check(manifest) {
      const pod = podOf(manifest);
      const exempted = exception === undefined ? new Set<string>() : exemptedFrom(manifest, exception);
      return (pod?.containers ?? []).flatMap((container) => {
        if (pod === undefined || exempted.has(asText(container.name))) return [];
        const found = violation(container, pod, manifest);
        return found === undefined ? [] : [`container "${asText(container.name)}" ${found}`];
      });
    },
  };
}

/** A policy about a workload's pod as a whole. */
function perPod(
  name: string,
  description: string,
  violation: (pod: PodOf, manifest: Manifest) => string | undefined,
): Rule {
  return {
    name,
    description,
    check(manifest) {
      const pod = podOf(manifest);
      const found = pod === undefined ? undefined : violation(pod, manifest);
      return found === undefined ? [] : [found];
    },
  };
}

const security = (container: Json): Json => asObject(container.securityContext);

/** Names of environment variables that hold a secret itself, not the path of one. */
const secretName = /(PASSWORD|PASSWD|SECRET|TOKEN|PRIVATE_KEY|API_KEY|ACCESS_KEY)$/;

/** Values that are switches or counts, not secrets. */
const harmless = /^(|\d{1,4}|true|false)$/i;

export const podRules: readonly Rule[] = [
  perContainer("run-as-non-root", "Containers run as a non-root user.", "run-as-root", (container) =>
    security(container).runAsNonRoot === true ? undefined : "may run as root",
  ),
  perContainer("read-only-root", "Containers have a read-only root file system.", "writable-root", (container) =>
    security(container).readOnlyRootFilesystem === true ? undefined : "has a writable root file system",
  ),
  perContainer(
    "no-privilege-escalation",
    "Processes cannot gain privileges.",
    "privilege-escalation",
    (container, _, manifest) =>
      security(container).allowPrivilegeEscalation === false ||
      exemptedFrom(manifest, "privileged").has(asText(container.name))
        ? undefined
        : "may escalate its privileges",
  ),
  perContainer("not-privileged", "No privileged containers.", "privileged", (container) =>
    security(container).privileged === true ? "is privileged" : undefined,
  ),
  perContainer("drop-capabilities", "All capabilities are dropped.", undefined, (container) => {
    const { drop } = asObject(security(container).capabilities);
    return Array.isArray(drop) && drop.includes("ALL") ? undefined : "does not drop all capabilities";
  }),
  perContainer("add-no-capabilities", "No capability is added back.", "capabilities", (container) =>
    asObject(security(container).capabilities).add === undefined ? undefined : "adds capabilities",
  ),
  perContainer("seccomp", "System calls are filtered.", undefined, (container, pod) => {
    const profiles = [container, pod.spec].map((one) => asObject(security(one).seccompProfile).type);
    return profiles.includes("RuntimeDefault") ? undefined : "has no seccomp profile RuntimeDefault";
  }),
  perContainer("requests", "Containers request CPU and memory.", undefined, (container) => {
    const { cpu, memory } = asObject(asObject(container.resources).requests);
    return asText(cpu) !== "" && asText(memory) !== "" ? undefined : "does not request cpu and memory";
  }),
  perContainer("memory-limit", "Containers have a memory limit.", undefined, (container) =>
    asText(asObject(asObject(container.resources).limits).memory) === "" ? "has no memory limit" : undefined,
  ),
  perContainer("cpu-limit", "Containers have a CPU limit.", "no-cpu-limit", (container) =>
    asText(asObject(asObject(container.resources).limits).cpu) === "" ? "has no cpu limit" : undefined,
  ),
  perContainer("pinned-image", "Images are pinned to a version or digest.", "floating-tag", ({ image }) =>
    typeof image !== "string" || /(:(?!latest$)[^/:]+|@sha256:[0-9a-f]{64})$/.test(image)
      ? undefined
      : `has the image "${image}", which is not pinned`,
  ),
  perContainer("no-secret-in-clear", "Passwords and tokens come from Secrets.", "secret-in-clear", ({ env }) => {
    const clear = asList(env).filter(
      ({ name, value }) => secretName.test(asText(name)) && !harmless.test(asText(value)),
    );
    return clear.length === 0 ? undefined : `has ${clear.map(({ name }) => asText(name)).join(", ")} in clear`;
  }),
  perContainer("probes", "Long-running containers have a probe.", "no-probes", (container, pod, { kind }) => {
    const serves = ["Deployment", "StatefulSet", "DaemonSet"].includes(kind);
    const main = asList(pod.spec.containers).includes(container);
    const probed = container.readinessProbe !== undefined || container.livenessProbe !== undefined;
    return serves && main && !probed ? "has no probe" : undefined;
  }),
  perPod("no-default-account", "Every workload has its own account.", ({ spec }) =>
    ["", "default"].includes(asText(spec.serviceAccountName)) && typeof spec.serviceAccountName !== "object"
      ? "runs as the default service account"
      : undefined,
  ),
  perPod("token-decided", "Workloads state whether the service account token is mounted.", ({ spec }) =>
    typeof spec.automountServiceAccountToken === "boolean" ? undefined : "does not set automountServiceAccountToken",
  ),
  perPod("no-host-path", "Pods do not mount node paths.", ({ spec }, manifest) =>
    asList(spec.volumes).some((volume) => volume.hostPath !== undefined) && !isExempted(manifest, "host-path")
      ? "mounts a path of its node"
      : undefined,
  ),
  perPod("no-host-network", "Pods do not use the node's network.", ({ spec }, manifest) =>
    spec.hostNetwork === true && !isExempted(manifest, "host-network") ? "uses its node's network" : undefined,
  ),
  perPod("run-ends", "Jobs have a deadline.", (_, { kind, body }) => {
    const spec = asObject(body.spec);
    const job = kind === "CronJob" ? asObject(asObject(spec.jobTemplate).spec) : spec;
    return ["Job", "CronJob"].includes(kind) && typeof job.activeDeadlineSeconds !== "number"
      ? "has no activeDeadlineSeconds"
      : undefined;
  }),
  perPod("missed-runs", "CronJobs limit late and overlapping runs.", (_, { kind, body }) => {
    const { startingDeadlineSeconds, concurrencyPolicy } = asObject(body.spec);
    return kind !== "CronJob" || (typeof startingDeadlineSeconds === "number" && asText(concurrencyPolicy) !== "")
      ? undefined
      : "does not set startingDeadlineSeconds and concurrencyPolicy";
  }),
];

/** On OpenShift no user or group ID is pinned: its restricted SCC refuses that. */
export const noPinnedIds: Rule = perPod(
  "no-pinned-ids",
  "OpenShift assigns user and group IDs.",
  ({ spec, containers }) => {
    const contexts = [security(spec), ...containers.map(security)];
    const ids = ["runAsUser", "runAsGroup", "fsGroup"].filter((id) =>
      contexts.some((context) => context[id] !== undefined),
    );
    return ids.length === 0 ? undefined : `pins ${ids.join(", ")}`;
  },
);

function isExempted(manifest: Manifest, rule: string): boolean {
  return [...exemptedFrom(manifest, rule)].some((owner) => owner !== "");
}
