/** What runs with given settings, for the program's wiring and for the status commands. */
import type { PackitSettings } from "./settings.ts";
import type { StreamedImage } from "./images.ts";
import { runningFlavours, sandboxCacheClaim, sandboxingPods, workerCacheTemplate } from "./names.ts";

/** One Deployment or StatefulSet. */
export interface Workload {
  readonly kind: "Deployment" | "StatefulSet";
  readonly name: string;
  readonly replicas: number;
  /** Writes to PostgreSQL, so it is paused while the database moves. */
  readonly writes: boolean;
  /** Puts tasks into the queues, takes them out or looks at them. */
  readonly queues: boolean;
  /** Image that new versions are imported of. @default one that is changed by settings only */
  readonly image?: StreamedImage;
}

/** Every workload, in start order. */
export function expectedWorkloads(settings: PackitSettings): readonly Workload[] {
  const { parts, postgres, keyValue, workers } = settings;
  const one = (name: string, more: Partial<Workload> = {}): Workload => ({
    kind: "Deployment",
    name,
    replicas: 1,
    writes: false,
    queues: false,
    ...more,
  });
  const when = (on: boolean, workload: Workload): readonly Workload[] => (on ? [workload] : []);
  return [
    ...[postgres.version, ...postgres.beside].map((version) => one(`postgres-${version}`)),
    one(keyValue.kind),
    ...when(parts.tokman, one("tokman", { image: "tokman" })),
    ...when(parts.pushgateway, one("pushgateway")),
    one("packit-service", { writes: true, queues: true, image: "service" }),
    ...runningFlavours(workers).map(({ name, replicas }) =>
      one(name, { kind: "StatefulSet", replicas, writes: true, queues: true, image: "worker" }),
    ),
    ...when(parts.beat, one("packit-service-beat", { writes: true, queues: true, image: "worker" })),
    ...when(parts.fedmsg, one("packit-service-fedmsg", { queues: true, image: "fedmsg" })),
    ...when(parts.centosmsg, one("packit-service-centosmsg", { queues: true, image: "centosmsg" })),
    ...when(parts.dashboard, one("packit-dashboard", { image: "dashboard" })),
    ...when(parts.redisCommander, one("redis-commander", { queues: true })),
    ...when(parts.flower, one("flower", { queues: true })),
    ...when(parts.pushgateway, one("nginx")),
  ];
}

/** How a queues' server is asked in its container. Redis is a software collection, which only a bash that is called bash puts on its PATH. */
export function keyValueClient(kind: PackitSettings["keyValue"]["kind"]): { shell: "bash" | "sh"; client: string } {
  return { shell: kind === "redis" ? "bash" : "sh", client: `${kind}-cli` };
}

/** Images that need an ImageStream with these settings. */
export function streamedImages(settings: PackitSettings): readonly StreamedImage[] {
  return [...new Set(expectedWorkloads(settings).flatMap(({ image }) => (image === undefined ? [] : [image])))];
}

/** The two volumes of one worker pod's repository cache. */
export interface CachePair {
  readonly pod: string;
  /** In the service's project; made by the StatefulSet. */
  readonly workerClaim: string;
  /** In the sandboxes' namespace. */
  readonly sandboxClaim: string;
}

/** A pair for each pod that runs long tasks; none without the cache. */
export function cachePairs({ repositoryCache, workers }: PackitSettings): readonly CachePair[] {
  if (!repositoryCache.enabled) return [];
  return sandboxingPods(workers).map((pod) => ({
    pod,
    workerClaim: `${workerCacheTemplate}-${pod}`,
    sandboxClaim: sandboxCacheClaim(pod),
  }));
}
