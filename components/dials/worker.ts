import * as pulumi from "@pulumi/pulumi";
import { Deployment } from "../../blocks/kubernetes/deployment.ts";
import { exec, type Timing } from "../../blocks/kubernetes/probe.ts";
import type { RequestAndLimit } from "../../blocks/kubernetes/resources.ts";
import type { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import { type Mount, scratch } from "../../blocks/kubernetes/volume.ts";
import type { EtlEnvironment } from "./etlEnvironment.ts";
import { etlPods, type DialsContext, labels, podLabels, selector } from "./context.ts";
import type { Storage } from "./storage.ts";
import type { Workspace } from "./inventory.ts";

export interface WorkerArgs {
  readonly context: DialsContext;
  readonly environment: EtlEnvironment;
  /** Name of the Deployment, of its container, of its only queue and before the @ of its host name. */
  readonly name: string;
  /** `app.kubernetes.io/part-of`. */
  readonly group: string;
  /** Workspaces whose tasks it takes; the indexer takes all. */
  readonly workspaces: readonly Workspace[] | "all";
  readonly eos: Storage;
  /** The account of CERN's webhook, which reads it when it makes a pod. */
  readonly eosCredentials: ServiceSecret<string>;
  /** Request and limit. */
  readonly memory: RequestAndLimit;
  /** Path -> further mount. @default none */
  readonly mounts?: Readonly<Record<string, Mount>>;
}

/** Annotation by which CERN's OpenShift gives a pod Kerberos credentials for EOS, and a /tmp of its own. */
const eosAnnotation = { "eos.okd.cern.ch/mount-eos-with-credentials-from-secret": "eos-credentials" } as const;

/** Writable folder of the ETL's pods: CERN's webhook adds its own /tmp and refuses another. */
const scratchFolder = "/scratch";

/** A Celery worker on one queue, one task at a time. */
export class Worker extends pulumi.ComponentResource {
  constructor(name: string, args: WorkerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:dials:Worker", name, {}, opts);
    const { namespace, settings, images, account } = args.context;
    const environment =
      args.workspaces === "all"
        ? { ...args.environment.ofAll(), podAnnotations: {} }
        : args.environment.of(args.workspaces);
    new Deployment(
      name,
      {
        namespace,
        name: args.name,
        labels: labels(namespace, args.name, args.group, "python"),
        podLabels: { ...podLabels(args.name), ...etlPods },
        selector: selector(args.name),
        podAnnotations: { ...eosAnnotation, ...environment.podAnnotations },
        restartOn: [args.eosCredentials.checksum],
        serviceAccount: account,
        replicas: settings.etl.paused ? 0 : 1,
        graceSeconds: settings.etl.graceSeconds,
        runAs: { user: 1000, fsGroup: 1000 },
        containers: [
          {
            name: args.name,
            image: images.etl,
            command: workerCommand(args.name),
            env: { TMPDIR: scratchFolder },
            envFrom: environment.envFrom,
            mounts: {
              // Each instance below /eos is mounted on the node when somebody first looks; the driver asks for this.
              "/eos": args.eos.mount({ readOnly: true, propagation: "HostToContainer" }),
              [scratchFolder]: scratch({ volume: "scratch", size: settings.etl.scratch }),
              ...environment.mounts,
              ...args.mounts,
            },
            scratch: [],
            resources: { cpu: ["100m", "1"], memory: args.memory },
            // A ping that comes before the worker waits in vain for its answer, and the first comes up to a whole period late.
            probes: {
              startup: ping(args.name, { answer: 3, delay: 5, period: 5, failures: 36 }),
              readiness: ping(args.name, { answer: 20, period: 20, failures: 9 }),
            },
          },
        ],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** Celery itself is the container's first process, so that it receives SIGTERM and finishes its task first. */
export function workerCommand(queue: string): string[] {
  return [
    ...["celery", "--app=python", "worker", "--loglevel=INFO"],
    // One that starts together with others may wait for their greetings for ever, and does not hear SIGTERM meanwhile (celery/celery#1664).
    "--without-mingle",
    // A process for each task: what a task leaks goes with it.
    ...["--concurrency=1", "--autoscale=1,0", "--max-tasks-per-child=1"],
    ...[`--hostname=${queue}@%h`, `--queues=${queue}`],
  ];
}

/**
 * Pings the worker through the broker; not for liveness, since an unavailable broker must not kill workers. Celery takes the
 * broker from CELERY_BROKER_URL (celery/app/utils.py): with --app each ping would load DIALS' own modules, too.
 * `answer` is how many seconds it waits for one.
 */
function ping(queue: string, { answer, ...timing }: Timing & { answer: number }) {
  const ask = `exec celery inspect ping --timeout=${answer} --destination="${queue}@$(hostname)"`;
  return exec(["sh", "-c", ask], { timeout: 30, ...timing });
}
