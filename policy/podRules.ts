/** What every pod must have; an exception with a reason on the workload lifts a rule for one container. */
import { excepted, type Json, list, type Manifest, object, type PodOf, podOf, text } from "./manifest.ts";

/** A rule about one object: an empty answer is good, else one sentence a fault. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  check(manifest: Manifest): readonly string[];
}

/** A rule about each container of a workload. `lifted` is the exception that switches it off. */
function perContainer(
  name: string,
  description: string,
  lifted: string | undefined,
  fault: (container: Json, pod: PodOf, manifest: Manifest) => string | undefined,
): Rule {
  return {
    name,
    description,
    check(manifest) {
      const pod = podOf(manifest);
      const free = lifted === undefined ? new Set<string>() : excepted(manifest, lifted);
      return (pod?.containers ?? []).flatMap((container) => {
        const found = pod === undefined || free.has(text(container.name)) ? undefined : fault(container, pod, manifest);
        return found === undefined ? [] : [`container "${text(container.name)}" ${found}`];
      });
    },
  };
}

/** A rule about a workload's pod as a whole. */
function perPod(
  name: string,
  description: string,
  fault: (pod: PodOf, manifest: Manifest) => string | undefined,
): Rule {
  return {
    name,
    description,
    check(manifest) {
      const pod = podOf(manifest);
      const found = pod === undefined ? undefined : fault(pod, manifest);
      return found === undefined ? [] : [found];
    },
  };
}

const security = (container: Json): Json => object(container.securityContext);

/** Environment variables whose names say that they hold a secret, and not where one is. */
const secretName = /(PASSWORD|PASSWD|SECRET|TOKEN|PRIVATE_KEY|API_KEY|ACCESS_KEY)$/;

/** Switches and counts, which may have such names too. */
const harmless = /^(|\d{1,4}|true|false)$/i;

export const podRules: readonly Rule[] = [
  perContainer("run-as-non-root", "No process is root.", "run-as-root", (container) =>
    security(container).runAsNonRoot === true ? undefined : "may run as root",
  ),
  perContainer("read-only-root", "A container's own files do not change.", "writable-root", (container) =>
    security(container).readOnlyRootFilesystem === true ? undefined : "has a writable root file system",
  ),
  perContainer(
    "no-privilege-escalation",
    "No process gains rights.",
    "privilege-escalation",
    (container, _, manifest) =>
      security(container).allowPrivilegeEscalation === false ||
      excepted(manifest, "privileged").has(text(container.name))
        ? undefined
        : "may escalate its privileges",
  ),
  perContainer("not-privileged", "No privileged containers.", "privileged", (container) =>
    security(container).privileged === true ? "is privileged" : undefined,
  ),
  perContainer("drop-capabilities", "All capabilities are dropped.", undefined, (container) => {
    const { drop } = object(security(container).capabilities);
    return Array.isArray(drop) && drop.includes("ALL") ? undefined : "does not drop all capabilities";
  }),
  perContainer("add-no-capabilities", "None is added back.", "capabilities", (container) =>
    object(security(container).capabilities).add === undefined ? undefined : "adds capabilities",
  ),
  perContainer("seccomp", "System calls are filtered.", undefined, (container, pod) => {
    const profiles = [container, pod.spec].map((one) => object(security(one).seccompProfile).type);
    return profiles.includes("RuntimeDefault") ? undefined : "has no seccomp profile RuntimeDefault";
  }),
  perContainer("requests", "The scheduler knows what a container needs.", undefined, (container) => {
    const { cpu, memory } = object(object(container.resources).requests);
    return text(cpu) !== "" && text(memory) !== "" ? undefined : "does not request cpu and memory";
  }),
  perContainer("memory-limit", "No container takes its node's memory.", undefined, (container) =>
    text(object(object(container.resources).limits).memory) === "" ? "has no memory limit" : undefined,
  ),
  perContainer("cpu-limit", "No container takes its node's processors.", "no-cpu-limit", (container) =>
    text(object(object(container.resources).limits).cpu) === "" ? "has no cpu limit" : undefined,
  ),
  perContainer("pinned-image", "The program says which image runs.", "floating-tag", ({ image }) =>
    typeof image !== "string" || /(:(?!latest$)[^/:]+|@sha256:[0-9a-f]{64})$/.test(image)
      ? undefined
      : `has the image "${image}", which is not pinned`,
  ),
  perContainer("no-secret-in-clear", "Passwords and tokens come from Secrets.", "secret-in-clear", ({ env }) => {
    const clear = list(env).filter(({ name, value }) => secretName.test(text(name)) && !harmless.test(text(value)));
    return clear.length === 0 ? undefined : `has ${clear.map(({ name }) => text(name)).join(", ")} in clear`;
  }),
  perContainer("probes", "A service says how it is.", "no-probes", (container, pod, { kind }) => {
    const serves = ["Deployment", "StatefulSet", "DaemonSet"].includes(kind);
    const main = list(pod.spec.containers).includes(container);
    const probed = container.readinessProbe !== undefined || container.livenessProbe !== undefined;
    return serves && main && !probed ? "has no probe" : undefined;
  }),
  perPod("no-default-account", "Every workload has its own account.", ({ spec }) =>
    ["", "default"].includes(text(spec.serviceAccountName)) && typeof spec.serviceAccountName !== "object"
      ? "runs as the default service account"
      : undefined,
  ),
  perPod("token-decided", "Whether a pod gets a token is said.", ({ spec }) =>
    typeof spec.automountServiceAccountToken === "boolean" ? undefined : "does not say whether it gets a token",
  ),
  perPod("no-host-path", "No pod sees its node's files.", ({ spec }, manifest) =>
    list(spec.volumes).some((volume) => volume.hostPath !== undefined) && !lifts(manifest, "host-path")
      ? "mounts a path of its node"
      : undefined,
  ),
  perPod("no-host-network", "No pod shares its node's network.", ({ spec }, manifest) =>
    spec.hostNetwork === true && !lifts(manifest, "host-network") ? "uses its node's network" : undefined,
  ),
  perPod("run-ends", "Every run has an end.", (_, { kind, body }) => {
    const spec = object(body.spec);
    const job = kind === "CronJob" ? object(object(spec.jobTemplate).spec) : spec;
    return ["Job", "CronJob"].includes(kind) && typeof job.activeDeadlineSeconds !== "number"
      ? "has no activeDeadlineSeconds"
      : undefined;
  }),
  perPod("missed-runs", "A missed run is not made up for at any time.", (_, { kind, body }) => {
    const { startingDeadlineSeconds, concurrencyPolicy } = object(body.spec);
    return kind !== "CronJob" || (typeof startingDeadlineSeconds === "number" && text(concurrencyPolicy) !== "")
      ? undefined
      : "does not say how late it may start and whether runs may overlap";
  }),
];

/** No user or group is pinned where the platform picks them (OpenShift's restricted SCC refuses it). */
export const noPinnedIds: Rule = perPod(
  "no-pinned-ids",
  "OpenShift picks users and groups.",
  ({ spec, containers }) => {
    const contexts = [security(spec), ...containers.map(security)];
    const ids = ["runAsUser", "runAsGroup", "fsGroup"].filter((id) =>
      contexts.some((context) => context[id] !== undefined),
    );
    return ids.length === 0 ? undefined : `pins ${ids.join(", ")}`;
  },
);

function lifts(manifest: Manifest, rule: string): boolean {
  return [...excepted(manifest, rule)].some((owner) => owner !== "");
}
