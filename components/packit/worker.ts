import * as pulumi from "@pulumi/pulumi";
import { anywhere, apiServer, dns, NetworkPolicy } from "../kubernetes/networkPolicy.ts";
import { exec, type Probes } from "../kubernetes/probe.ts";
import { Service } from "../kubernetes/service.ts";
import type { ServiceAccount } from "../kubernetes/serviceAccount.ts";
import { StatefulSet } from "../kubernetes/statefulSet.ts";
import { claimTemplate } from "../kubernetes/volume.ts";
import { anyUser, appLabels, between, type Ground, imageOf, keeping, storageClass, writesAtStart } from "./ground.ts";
import { cacheFolder, type RunningFlavour, workerCacheTemplate } from "./names.ts";
import { databases, type PartArgs } from "./web.ts";

/** What a {@link Worker} needs. */
export interface WorkerArgs extends PartArgs {
  readonly flavour: RunningFlavour;
  /** Account that may make sandboxes. */
  readonly account: ServiceAccount;
}

/** Celery workers of one flavour, one task at a time each. */
export class Worker extends pulumi.ComponentResource {
  constructor(name: string, args: WorkerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Worker", name, {}, opts);
    const { ground, flavour, account } = args;
    const { place, settings } = ground;
    const labels = appLabels(flavour.name);
    const cached = settings.repositoryCache.enabled && flavour.longRunning;
    const volumes = {
      "packit-worker-vol": { size: settings.workers.scratch, ...storageClass(settings) },
      ...(cached ? { [workerCacheTemplate]: { size: settings.repositoryCache.size, ...storageClass(settings) } } : {}),
    };
    const image = imageOf(ground, "worker");
    const set = new StatefulSet(
      name,
      {
        place,
        name: flavour.name,
        labels,
        replicas: flavour.replicas,
        serviceAccount: account,
        claimTemplates: volumes,
        protect: keeping(settings).protect,
        graceSeconds: 10,
        runAs: anyUser,
        containers: [
          {
            name: "packit-worker-1",
            ...image,
            command: ["/usr/bin/run_worker.sh"],
            env: workerEnvironment(args, flavour.queues),
            mounts: {
              ...args.secrets.mounts(true),
              "/sandcastle": claimTemplate("packit-worker-vol"),
              ...(cached ? { [cacheFolder]: claimTemplate(workerCacheTemplate) } : {}),
            },
            resources: { cpu: "400m", memory: flavour.memory },
            exceptions: { ...image.exceptions, ...writesAtStart },
            probes: probes(ground),
          },
        ],
      },
      { parent: this },
    );
    new Service(name, { place, name: flavour.name, labels, of: set, ports: {}, headless: true }, { parent: this });
    new NetworkPolicy(
      name,
      {
        place,
        name: flavour.name,
        pods: labels,
        to: [
          dns(),
          // Forges, Copr and Koji; pushes by SSH; plain HTTP for sources that packages name.
          anywhere(443, 80, 22),
          apiServer(),
          ...databases(ground),
          ...(settings.parts.tokman ? between(["tokman"], 8000) : []),
          ...(settings.parts.pushgateway ? between(["pushgateway"], 9091) : []),
        ],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

function workerEnvironment({ ground, secrets }: WorkerArgs, queues: string) {
  const { deployment, celery, parts } = ground.settings;
  return {
    DEPLOYMENT: deployment,
    ...secrets.distgit(),
    APP: celery.app,
    ...secrets.queues(),
    ...secrets.sentry(),
    ...secrets.database(),
    CELERY_RETRY_LIMIT: `${celery.retryLimit}`,
    CELERY_RETRY_BACKOFF: `${celery.retryBackoff}`,
    QUEUES: queues,
    // Empty: no metrics are pushed.
    PUSHGATEWAY_ADDRESS: parts.pushgateway ? "http://pushgateway" : "",
  };
}

/** Asks over the broker, seldom and patiently: a busy worker answers late. */
function probes({ settings }: Ground): Probes {
  if (settings.broker === "sqs") return { none: "Celery's remote control does not work over SQS" };
  const ask = 'celery --app="$APP" status --timeout 60 | grep -F "$(hostname): OK"';
  return { liveness: exec(["sh", "-c", ask], { delay: 600, period: 600, timeout: 300 }) };
}
