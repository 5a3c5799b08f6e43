import * as pulumi from "@pulumi/pulumi";
import type { BlockOptions } from "../../blocks/block.ts";
import type { ServingContainerArgs } from "../../blocks/kubernetes/container.ts";
import { anywhere, dns, NetworkPolicy, type Traffic } from "../../blocks/kubernetes/networkPolicy.ts";
import { exec } from "../../blocks/kubernetes/probe.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import type { KeyFiles } from "./generated.ts";
import { appLabels, databases, type PackitContext, podsOf, writesAtStart } from "./context.ts";
import type { StreamedImage } from "./images.ts";
import { projectName } from "./names.ts";
import { singletonDeployment } from "./component.ts";
import { celeryEnvironment } from "./worker.ts";

interface ConsumerArgs {
  readonly context: PackitContext;
  readonly name: string;
  readonly image: StreamedImage;
  readonly container: Pick<ServingContainerArgs, "command" | "env" | "mounts" | "resources" | "probes" | "scratch">;
  /** Destinations besides DNS. */
  readonly egress: readonly Traffic[];
}

/** One pod that turns events or a schedule into queued tasks. Two of them would queue everything twice. */
function consumer(name: string, args: ConsumerArgs, opts: BlockOptions): void {
  const { context, image, container } = args;
  const labels = appLabels(args.name);
  const object = { name: args.name, labels, image, ...container };
  singletonDeployment(name, { context, ...object, exceptions: writesAtStart }, opts);
  const egress = [dns(), ...args.egress];
  new NetworkPolicy(name, { namespace: context.namespace, name: args.name, pods: labels, egress }, opts);
}

/** Celery beat: starts the periodic tasks. */
export class Beat extends pulumi.ComponentResource {
  constructor(name: string, context: PackitContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Beat", name, {}, opts);
    const { secrets } = context;
    const env = {
      CELERY_COMMAND: "beat",
      ...celeryEnvironment(context),
      ...secrets.queues(),
      ...secrets.database(),
      ...secrets.sentry(),
    };
    consumer(
      name,
      {
        context,
        name: "packit-service-beat",
        image: "worker",
        container: {
          command: ["/usr/bin/run_worker.sh"],
          env,
          mounts: secrets.beatMounts(),
          // No volume for /tmp: it outlives a restart, and Celery would take the killed one's pid file, with its own pid 1, for another beat.
          scratch: [],
          resources: { cpu: "80m", memory: ["160Mi", "256Mi"] },
          probes: { none: "beat listens on nothing and answers nobody; it exits when it cannot go on" },
        },
        egress: [anywhere(443, 22), ...databases(context)],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** Checks when the last message arrived; images of 2021 have no such script and count as alive. */
const checkLastMessage = "if command -v liveness.sh; then liveness.sh; fi";

/** Listener on Fedora Messaging. Its queue is exclusive, so there is never more than one. */
export class Fedmsg extends pulumi.ComponentResource {
  constructor(name: string, context: PackitContext, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Fedmsg", name, {}, opts);
    const { service, settings, secrets } = context;
    const env = {
      FEDORA_MESSAGING_CONF: "/home/packit/.config/fedora.toml",
      ...secrets.queues(),
      PROJECT: projectName(service, settings.deployment),
      DEPLOYMENT: settings.deployment,
      ...secrets.sentry(),
      // Not below /tmp, whose volume outlives a restart: an old file would have the next container killed, too.
      LIVENESS_FILE: "/home/packit/liveness",
      LIVENESS_TIMEOUT: "15",
    };
    consumer(
      name,
      {
        context,
        name: "packit-service-fedmsg",
        image: "fedmsg",
        // Without a command: each image starts its own, and its name has changed.
        container: {
          env,
          mounts: secrets.fedmsgMounts(),
          resources: { cpu: "100m", memory: ["88Mi", "128Mi"] },
          probes: { liveness: exec(["bash", "-c", checkLastMessage], { delay: 300, period: 60, timeout: 10 }) },
        },
        egress: [anywhere(443, 5671), ...podsOf([settings.keyValue.kind], 6379)],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** Listener on CentOS' MQTT bus, for git.centos.org; only workers of 2021 know what to do with its tasks. */
export class Centosmsg extends pulumi.ComponentResource {
  constructor(
    name: string,
    { context, files }: { readonly context: PackitContext; readonly files: NonNullable<KeyFiles["centos"]> },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("orrery:packit:Centosmsg", name, {}, opts);
    const { namespace, settings, secrets } = context;
    const production = settings.deployment === "prod";
    const certificates = new ServiceSecret(
      name,
      {
        namespace,
        name: "centos-secrets",
        values: { "centos-server-ca.cert": files.serverCa, "centos.cert": files.certificate },
      },
      { parent: this },
    );
    const env = {
      MQTT_HOST: production ? "mqtt.git.centos.org" : "mqtt.stg.centos.org",
      MQTT_TOPICS: production ? "git.centos.org/#" : "git.stg.centos.org/#",
      MQTT_SUBTOPICS: "pull-request",
      LOG_LEVEL: "INFO",
      ...secrets.queues(),
      CELERY_DEFAULT_QUEUE: "short-running",
    };
    consumer(
      name,
      {
        context,
        name: "packit-service-centosmsg",
        image: "centosmsg",
        container: {
          command: ["listen-to-centos-messaging"],
          env,
          mounts: { "/secrets": certificates.mount({ volume: "centos-secrets" }) },
          resources: { cpu: "100m", memory: "80Mi" },
          probes: { none: "a quiet bus looks like a dead listener; it exits when the connection is lost" },
        },
        egress: [anywhere(8883), ...podsOf([settings.keyValue.kind], 6379)],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
