/** The repository cache's volumes: where they are seen, and putting a git repository into one. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { childEnvironment } from "../../../config/childEnvironment.ts";
import { sourceImage } from "../../../components/packit/images.ts";
import { cacheFolder } from "../../../components/packit/names.ts";
import { cachePairs } from "../../../components/packit/inventory.ts";
import { UsageError } from "../../../cli/usage.ts";
import type { Kubectl } from "../kube/kubectl.ts";
import { type ContainerRef, runInPod } from "../kube/pods.ts";
import type { Instance, Service } from "./service.ts";

/** A git repository that goes into the cache. */
export interface Source {
  /** Folder in the cache: the repository's name. */
  readonly name: string;
  /** URL that pods can clone, or a folder of this machine. */
  readonly from: string;
  readonly local: boolean;
}

/** What a word names. @throws UsageError if it is neither URL nor git repository */
export function sourceOf(word: string): Source {
  const name = (word.replace(/\/+$/, "").split(/[/:]/).at(-1) ?? "").replace(/\.git$/, "");
  const local = existsSync(word);
  if (name === "" || name.startsWith(".") || (!local && !/^(https?|git|ssh):\/\/|^[\w.-]+@/.test(word))) {
    throw new UsageError(`"${word}" is neither a git URL nor a folder`);
  }
  return { name, from: word, local };
}

/** The pairs of volumes to fill. @throws UsageError if the service or the named worker has none */
export function pairsFor(
  { settings, service, name }: Service,
  workers: readonly string[],
): ReturnType<typeof cachePairs> {
  const all = cachePairs(settings);
  if (all.length === 0) throw new UsageError(`${service} of ${name} has no repository cache (repositoryCache.enabled)`);
  return workers.length === 0
    ? all
    : workers.map((worker) => {
        const found = all.find(({ pod }) => pod === worker);
        if (found !== undefined) return found;
        throw new UsageError(
          `${worker} has no repository cache; those that have: ${all.map(({ pod }) => pod).join(", ")}`,
        );
      });
}

/** Clones or fetches; a clone that broke off is never taken for whole. */
const cloneScript = `set -e
if [ -d "$1" ]; then git -C "$1" fetch --quiet --all --prune --tags
else rm -rf "$1.part"; git clone --quiet "$2" "$1.part"; mv "$1.part" "$1"; fi`;

/** Unpacks what comes in next to what is there. */
const unpackScript = `set -e
rm -rf "$1.part"; mkdir "$1.part"; tar -xf - -C "$1.part"`;

/** Puts what was unpacked in the place of what is there. */
const placeScript = `set -e
rm -rf "$1"; mv "$1.part" "$1"`;

/** Puts a repository into a mounted cache. @returns the commit that its HEAD is @throws with what is there as it was */
export async function put(
  kubectl: Kubectl,
  container: ContainerRef,
  { name, from, local }: Source,
  ending: AbortSignal,
): Promise<string> {
  const folder = `${cacheFolder}/${name}`;
  const inPod = (program: readonly string[], input?: Readable): Promise<string> =>
    runInPod(kubectl, container, program, { signal: ending, ...(input === undefined ? {} : { input }) });
  if (local) {
    const { stdout, ended } = pack(from);
    const unpacked = inPod(["sh", "-c", unpackScript, "sh", folder], stdout).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    const [failure, code] = await Promise.all([unpacked, ended]);
    // An unreadable file is tar's exit code alone: what it packed is a whole archive, but not a whole repository.
    if (typeof code === "number" && code !== 0)
      throw new Error(`${from} could not be read completely (tar: exit code ${code})`);
    if (failure !== undefined) throw failure;
    if (code === null) throw new Error(`tar was ended while it read ${from}`);
    await inPod(["sh", "-c", placeScript, "sh", folder]);
  } else {
    await inPod(["sh", "-c", cloneScript, "sh", folder, from]);
  }
  return (await inPod(["git", "-C", folder, "rev-parse", "HEAD"])).trim();
}

/** A folder as an archive. `ended` is tar's exit code; null where a signal ended it, as when nobody reads the archive any more. */
function pack(from: string): { readonly stdout: Readable; readonly ended: Promise<number | null> } {
  const tar = spawn("tar", ["-cf", "-", "-C", from, "."], {
    env: childEnvironment("tar"),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    tar.on("error", reject);
    tar.on("close", resolve);
  });
  return { stdout: tar.stdout, ended };
}

const fillerPrefix = "repository-cache-filler-";

/** Pod that holds a sandbox's volume, as the seed's repository-cache-filler.yml; it ends after a day if nobody deletes it. */
function fillerPod(instance: Service, pod: string, claim: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${fillerPrefix}${pod}`, labels: { app: "repository-cache-filler" } },
    spec: {
      restartPolicy: "Never",
      activeDeadlineSeconds: 86_400,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "filler",
          image: sourceImage(instance.service, instance.settings, "sandcastle"),
          command: ["sleep", "360000"],
          volumeMounts: [{ name: "cache", mountPath: cacheFolder }],
          resources: { requests: { cpu: "50m", memory: "512Mi" }, limits: { cpu: "1", memory: "768Mi" } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
      volumes: [{ name: "cache", persistentVolumeClaim: { claimName: claim } }],
    },
  };
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: {
      readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
    };
    readonly status?: { readonly phase?: string };
  }[];
}

/** Waits until no sandbox has the volume: it cannot be mounted twice. @throws if one has it for too long, or another filler */
async function untilFree(kubectl: Kubectl, claim: string, seconds: number, ending: AbortSignal): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const { items } = await kubectl.get<PodList>("pods");
    const users = items.filter(
      ({ spec, status }) =>
        !["Succeeded", "Failed"].includes(status?.phase ?? "") &&
        spec.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === claim) === true,
    );
    if (users.length === 0) return;
    const filler = users.find(({ metadata }) => metadata.name.startsWith(fillerPrefix))?.metadata.name;
    if (filler !== undefined) {
      throw new Error(
        `pod ${filler} has ${claim}: another fill-cache is at work; if none is, it was killed: kubectl delete pod ${filler}`,
      );
    }
    if (Date.now() > deadline) {
      const names = users.map(({ metadata }) => metadata.name).join(", ");
      throw new Error(
        `${claim} is in use by ${names} for ${seconds} s; try again when no sandbox runs, or raise --timeout`,
      );
    }
    await sleep(1000, undefined, { signal: ending });
  }
}

/** Does something with a sandbox's volume in a pod of its own, which is gone afterwards however that ends. */
export async function withFiller<T>(
  instance: Instance,
  { pod, sandboxClaim }: ReturnType<typeof cachePairs>[number],
  { seconds, ending }: { readonly seconds: number; readonly ending: AbortSignal },
  work: (kubectl: Kubectl, container: ContainerRef) => Promise<T>,
): Promise<T> {
  const kubectl = instance.sandbox();
  await untilFree(kubectl, sandboxClaim, seconds, ending);
  const name = `${fillerPrefix}${pod}`;
  try {
    await kubectl.output(["create", "--filename", "-"], JSON.stringify(fillerPod(instance, pod, sandboxClaim)));
    const ready = kubectl.output(["wait", "--for=condition=Ready", `pod/${name}`, `--timeout=${seconds}s`]);
    await Promise.race([ready, aborted(ending)]);
    return await work(kubectl, { pod: name, container: "filler" });
  } finally {
    await kubectl.output(["delete", "pod", name, "--ignore-not-found", "--grace-period=1"]);
  }
}

/** @throws when it aborts */
function aborted(ending: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => {
      reject(new Error("ended"));
    };
    if (ending.aborted) end();
    ending.addEventListener("abort", end, { once: true });
  });
}
