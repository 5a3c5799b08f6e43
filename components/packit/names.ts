import type { RequestAndLimit } from "../../blocks/kubernetes/resources.ts";

/** The two services that one program runs; they differ by the defaults of their settings. */
export type ServiceName = "packit" | "stream";

/** Tag of the service's images, value of DEPLOYMENT, first label of the host. */
export type Deployment = "dev" | "stg" | "prod";

/** Components that a stack may leave out. */
export const componentNames = [
  "tokman",
  "fedmsg",
  "centosmsg",
  "redisCommander",
  "flower",
  "beat",
  "dashboard",
  "pushgateway",
] as const;
export type ComponentName = (typeof componentNames)[number];

/** Defaults of each service. Source: the deployment repository's vars templates of 2021. */
export const serviceDefaults = {
  packit: {
    parts: ["tokman", "fedmsg", "beat", "dashboard", "pushgateway"] as readonly ComponentName[],
    /** Sandbox namespace, repository cache, Kerberos and Copr: what building packages in Fedora needs. */
    builds: true,
    celeryApp: "packit_service.worker.tasks",
    distgitUrl: "https://src.fedoraproject.org/",
    distgitNamespace: "rpms",
  },
  stream: {
    parts: [] as readonly ComponentName[],
    builds: false,
    celeryApp: "hardly.tasks",
    distgitUrl: "https://gitlab.com/",
    distgitNamespace: "redhat/centos-stream/rpms",
  },
} as const;

/** Where workers check projects out. Git in today's image trusts no other folder of another owner; the seed's takes what the file says. */
export const workFolder = "/tmp/sandcastle";

/** Where web service and workers find the key of the GitHub App. */
export const githubKeyFolder = "/gh-secrets";

/** CronJob that saves the database, with its Secret and NetworkPolicy. */
export const backupJob = "database-backup";

/** Address of tokman in the cluster. */
export const tokmanUrl = "http://tokman";

/**
 * Value of PROJECT. The listener drops pushes by its first letters, and Stream's workers look their GitLab account up by it, where
 * a development deployment has none and takes staging's.
 */
export function projectName(service: ServiceName, deployment: Deployment): string {
  return `${service}-${service === "stream" && deployment === "dev" ? "stg" : deployment}`;
}

/** Where the repository cache is seen, by the worker and by its sandboxes. */
export const cacheFolder = "/repository-cache";

/** One kind of worker: a StatefulSet of its own. */
export interface Flavour {
  /** Name of the StatefulSet, of its headless Service and, with a number, of its pods. */
  readonly name: "packit-worker" | "packit-worker-short-running" | "packit-worker-long-running";
  /** Setting with its replica count. */
  readonly setting: "allTasks" | "shortRunning" | "longRunning";
  /** Value of QUEUES; rate-limited has the tasks that wait for a forge to allow more calls. */
  readonly queues: string;
  /** Runs sandboxes, so each of its pods has a pair of cache volumes. */
  readonly longRunning: boolean;
  /** Request and limit. Source: the deployment repository's role of 2026. */
  readonly cpu: RequestAndLimit;
  readonly memory: RequestAndLimit;
}

const flavours: readonly Flavour[] = [
  {
    name: "packit-worker",
    setting: "allTasks",
    queues: "short-running,long-running,rate-limited",
    longRunning: true,
    cpu: ["100m", "400m"],
    memory: ["384Mi", "1024Mi"],
  },
  {
    name: "packit-worker-short-running",
    setting: "shortRunning",
    queues: "short-running",
    longRunning: false,
    cpu: ["80m", "2"],
    memory: ["768Mi", "2048Mi"],
  },
  {
    name: "packit-worker-long-running",
    setting: "longRunning",
    queues: "long-running,rate-limited",
    longRunning: true,
    cpu: ["100m", "2"],
    memory: ["768Mi", "2048Mi"],
  },
];

/** A flavour that has pods, and how many. */
export interface RunningFlavour extends Flavour {
  readonly replicas: number;
}

/** The flavours whose replica count is not zero. */
export function runningFlavours(workers: Readonly<Record<Flavour["setting"], number>>): readonly RunningFlavour[] {
  return flavours
    .map((flavour) => ({ ...flavour, replicas: workers[flavour.setting] }))
    .filter(({ replicas }) => replicas > 0);
}

/** Pods that run sandboxes, e.g. `packit-worker-0`. */
export function sandboxingPods(workers: Readonly<Record<Flavour["setting"], number>>): readonly string[] {
  return runningFlavours(workers)
    .filter(({ longRunning }) => longRunning)
    .flatMap(({ name, replicas }) => Array.from({ length: replicas }, (_, index) => `${name}-${index}`));
}

/** Name of the sandboxes' namespace. */
export function sandboxNamespace(
  service: ServiceName,
  settings: { readonly deployment: Deployment; readonly sandbox: { readonly namespace?: string | undefined } },
): string {
  return settings.sandbox.namespace ?? `${service}-${settings.deployment}-sandbox`;
}

/** Name of the sandbox's side of a worker pod's cache; the worker's start script computes the same. */
export function sandboxCacheClaim(pod: string): string {
  return `sandcastle-repository-cache-${pod}`;
}

/** Claim template of the worker's side; its claims are `<template>-<pod>`. */
export const workerCacheTemplate = "packit-worker-repository-cache";
