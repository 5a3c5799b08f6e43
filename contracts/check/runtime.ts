/** The container's user, capabilities, memory and token, and the folders that its program writes to, or only reads. */
import { asList, asObject } from "../../policy/manifest.ts";
import { holds, type Situation } from "./situation.ts";

const units: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** Bytes of a quantity such as 512Mi; NaN if it is invalid. */
function bytes(quantity: string): number {
  const [, number = "", unit = ""] = /^([\d.]+)([A-Za-z]*)$/.exec(quantity) ?? [];
  return Number(number === "" ? NaN : number) * (units[unit] ?? NaN);
}

/** Problems of the container's security context, memory, mounts and end, one phrase each. */
export function runtimeProblems(situation: Situation): readonly string[] {
  const { world, pod, container, reading } = situation;
  const [own, around] = [asObject(container.body.securityContext), asObject(pod.spec.securityContext)];
  const asked = own.runAsUser ?? around.runAsUser;
  const image = reading.user?.image;
  // Without runAsUser, OpenShift assigns a user ID from the namespace's range.
  const random = asked === undefined && world.openShift(pod.cluster);
  const user = typeof asked === "number" ? asked : random ? undefined : image === "root" ? 0 : image;
  const nonRoot = (own.runAsNonRoot ?? around.runAsNonRoot) === true;
  const problems: string[] = [];
  if (reading.user?.root === true && user !== 0) problems.push(`must run as root (${reading.user.at})`);
  if (nonRoot && user === 0) problems.push(`runs as root, which runAsNonRoot refuses (${reading.user?.at ?? ""})`);

  const capabilities = asObject(own.capabilities);
  const [added, dropped] = [capabilities.add, capabilities.drop].map((names) =>
    Array.isArray(names) ? names.map(String) : [],
  );
  for (const wanted of dropped?.includes("ALL") === true ? (reading.capabilities ?? []) : []) {
    if (added?.includes(wanted) !== true) problems.push(`capability ${wanted} is required and dropped`);
  }
  if ((reading.capabilities ?? []).length > 0 && user !== 0 && own.allowPrivilegeEscalation === false) {
    problems.push(
      "requires a capability, which only its file can give this user: allowPrivilegeEscalation: false forbids that",
    );
  }
  for (const extra of added ?? []) {
    if (reading.capabilities?.includes(extra) !== true) problems.push(`capability ${extra} is added but not required`);
  }

  const limit = asObject(asObject(container.body.resources).limits).memory;
  if (reading.memory !== undefined && typeof limit === "string" && bytes(limit) < bytes(reading.memory.atLeast)) {
    problems.push(`memory limit ${limit} is below ${reading.memory.atLeast} (${reading.memory.at})`);
  }

  const mustEnd =
    /(^| )(Job|CronJob) /.test(pod.title) ||
    asList(pod.spec.initContainers).some(
      ({ name, restartPolicy }) => name === container.name && restartPolicy !== "Always",
    );
  if (mustEnd !== (reading.ends ?? false))
    problems.push(mustEnd ? "must end, and its program does not" : "ends after its work, and would be started again");

  const claims = around.fsGroup !== undefined || user === 0 || random;
  const mountOf = (path: string): (typeof container.mounts)[number] | undefined =>
    container.mounts
      .filter((one) => `${path}/`.startsWith(`${one.path}/`))
      .toSorted((a, b) => b.path.length - a.path.length)[0];
  for (const { path, when, at } of reading.reads ?? []) {
    if (holds(when, situation) && mountOf(path)?.writable === true)
      problems.push(`only reads ${path}, which is mounted for writing (${at})`);
  }
  for (const { path, by = "any", when, at } of reading.writes ?? []) {
    if (!holds(when, situation)) continue;
    const mount = mountOf(path);
    if (mount !== undefined) {
      if (!mount.writable) problems.push(`writes ${path}, which is mounted read-only (${at})`);
      else if (mount.kind === "claim" && !claims)
        problems.push(`writes ${path}, on a volume that belongs to root without fsGroup (${at})`);
    } else if (own.readOnlyRootFilesystem === true)
      problems.push(`writes ${path}, and the root filesystem is read-only (${at})`);
    else if (by === "root" && user !== 0) problems.push(`writes ${path}, which is root's (${at})`);
    else if (by === "image" && asked !== undefined && user !== 0 && user !== image)
      problems.push(`writes ${path}, which is the image's user's (${at})`);
    else if (by === "image" && random) problems.push(`writes ${path}, which a random user cannot (${at})`);
  }
  return problems;
}

/** Checks that the service account's token is mounted exactly if a program uses it. */
export function tokenProblems(situations: readonly Situation[]): readonly string[] {
  const [first] = situations;
  if (first === undefined) return [];
  const { pod, world } = first;
  const account = world
    .all("ServiceAccount", pod.cluster, pod.namespace)
    .find(({ name }) => name === pod.spec.serviceAccountName);
  const mounted =
    (pod.spec.automountServiceAccountToken ?? account?.body.automountServiceAccountToken ?? true) === true;
  const used = situations.some(({ reading }) => usesToken(reading));
  if (used && !mounted) return ["uses its account's token, which is not mounted"];
  if (!used && mounted) return ["has its account's token mounted, and no program uses it"];
  return [];
}

/** Whether a program calls the cluster's API with its pod's service account. */
export function usesToken(reading: Situation["reading"]): boolean {
  return reading.token ?? (reading.permissions ?? []).some(({ spare }) => spare === undefined);
}
