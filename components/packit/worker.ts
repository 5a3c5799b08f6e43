import * as pulumi from "@pulumi/pulumi";
import { anywhere, apiServer, dns, NetworkPolicy } from "../../blocks/kubernetes/networkPolicy.ts";
import { exec } from "../../blocks/kubernetes/probe.ts";
import { Service } from "../../blocks/kubernetes/service.ts";
import type { ServiceAccount } from "../../blocks/kubernetes/serviceAccount.ts";
import { StatefulSet } from "../../blocks/kubernetes/statefulSet.ts";
import { claimTemplate } from "../../blocks/kubernetes/volume.ts";
import {
  anyUser,
  appLabels,
  databases,
  imageOf,
  type PackitContext,
  podsOf,
  retention,
  storageClass,
  writesAtStart,
} from "./context.ts";
import {
  cacheFolder,
  projectName,
  type RunningFlavour,
  serviceDefaults,
  workerCacheTemplate,
  workFolder,
} from "./names.ts";

export interface WorkerArgs {
  readonly context: PackitContext;
  readonly flavour: RunningFlavour;
  /** Account that may make sandboxes. */
  readonly account: ServiceAccount;
}

/** Pings the worker through the broker; long timeouts, because a busy worker replies slowly. Celery names a worker by `uname -n`. */
const ask = 'celery --app="$APP" status --timeout 60 | grep -F "$(uname -n): OK"';

/** Celery workers of one flavour. */
export class Worker extends pulumi.ComponentResource {
  constructor(name: string, args: WorkerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Worker", name, {}, opts);
    const { context, flavour, account } = args;
    const { namespace, settings } = context;
    const labels = appLabels(flavour.name);
    const cached = settings.repositoryCache.enabled && flavour.longRunning;
    const volumes = {
      "packit-worker-vol": { size: settings.workers.scratch, ...storageClass(settings) },
      ...(cached ? { [workerCacheTemplate]: { size: settings.repositoryCache.size, ...storageClass(settings) } } : {}),
    };
    const image = imageOf(context, "worker");
    const set = new StatefulSet(
      name,
      {
        namespace,
        name: flavour.name,
        labels,
        replicas: flavour.replicas,
        serviceAccount: account,
        claimTemplates: volumes,
        retention: retention(settings),
        graceSeconds: 10,
        runAs: anyUser,
        containers: [
          {
            name: "packit-worker-1",
            ...image,
            command: ["/usr/bin/run_worker.sh"],
            env: workerEnvironment(args),
            mounts: {
              ...context.secrets.workerMounts(),
              [workFolder]: claimTemplate("packit-worker-vol"),
              ...(cached ? { [cacheFolder]: claimTemplate(workerCacheTemplate) } : {}),
            },
            resources: { cpu: flavour.cpu, memory: flavour.memory },
            exceptions: { ...image.exceptions, ...writesAtStart },
            probes: { liveness: exec(["bash", "-c", ask], { delay: 600, period: 600, timeout: 300 }) },
          },
        ],
      },
      { parent: this },
    );
    new Service(name, { namespace, name: flavour.name, labels, of: set, ports: {}, headless: true }, { parent: this });
    new NetworkPolicy(
      name,
      {
        namespace,
        name: flavour.name,
        pods: labels,
        egress: [
          dns(),
          // Forges, Copr and Koji; pushes by SSH; plain HTTP for sources that packages name.
          anywhere(443, 80, 22),
          ...(settings.sandbox.enabled ? [apiServer()] : []),
          ...databases(context),
          ...(settings.parts.tokman ? podsOf(["tokman"], 8000) : []),
          ...(settings.parts.pushgateway ? podsOf(["pushgateway"], 9091) : []),
        ],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** Variables for building Fedora packages. */
const fedoraEnvironment = {
  // The default, the kernel's keyring, needs a system call that the default seccomp profile refuses.
  KRB5CCNAME: "DIR:/home/packit/kerberos/",
  // OpenScanHub scans need a client configuration that the seed lacks; each would fail after its build.
  DISABLE_OPENSCANHUB: "true",
};

function workerEnvironment({ context, flavour }: WorkerArgs) {
  const { secrets } = context;
  const { celery, parts, workers } = context.settings;
  const several = flavour.setting === "shortRunning" && workers.shortRunningConcurrency > 1;
  return {
    ...celeryEnvironment(context),
    ...secrets.distgit(),
    ...secrets.queues(),
    ...secrets.sentry(),
    ...secrets.database(),
    CELERY_RETRY_LIMIT: `${celery.retryLimit}`,
    CELERY_RETRY_BACKOFF: `${celery.retryBackoff}`,
    QUEUES: flavour.queues,
    ...(several ? { CONCURRENCY: `${workers.shortRunningConcurrency}` } : {}),
    // Empty: no metrics are pushed.
    PUSHGATEWAY_ADDRESS: parts.pushgateway ? "http://pushgateway" : "",
    ...(serviceDefaults[context.service].builds ? fedoraEnvironment : {}),
    ...secrets.workerVariables(),
  };
}

/** Variables of Celery's workers and of beat. */
export function celeryEnvironment({
  service,
  settings: { deployment, celery },
}: PackitContext): Record<string, string> {
  return {
    PROJECT: projectName(service, deployment),
    DEPLOYMENT: deployment,
    APP: celery.app,
    // Today's start script defaults to DEBUG; the seed's used INFO in production.
    LOGLEVEL: deployment === "prod" ? "INFO" : "DEBUG",
  };
}
