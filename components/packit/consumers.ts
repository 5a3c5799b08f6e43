import * as pulumi from "@pulumi/pulumi";
import type { ContainerArgs } from "../kubernetes/container.ts";
import { anywhere, dns, NetworkPolicy, type Traffic } from "../kubernetes/networkPolicy.ts";
import { ServiceSecret } from "../kubernetes/secret.ts";
import type { KeyFiles } from "./generated.ts";
import { appLabels, between, type Ground, writesAtStart } from "./ground.ts";
import type { StreamedImage } from "./images.ts";
import { onePod } from "./onePod.ts";
import { databases, type PartArgs } from "./web.ts";

/** What one of them needs beside its name. */
interface ConsumerArgs {
  readonly ground: Ground;
  readonly name: string;
  readonly image: StreamedImage;
  readonly container: Pick<ContainerArgs, "command" | "env" | "mounts" | "resources">;
  readonly to: readonly Traffic[];
  /** Why nobody can ask how it is. */
  readonly noProbes: string;
}

/** One pod that takes events or the clock and puts tasks into queues. Two of them would do everything twice. */
function consumer(name: string, args: ConsumerArgs, parent: pulumi.Resource): void {
  const { ground, image, container, noProbes } = args;
  const labels = appLabels(args.name);
  onePod(
    name,
    ground,
    { name: args.name, labels, image, ...container, exceptions: writesAtStart, probes: { none: noProbes } },
    parent,
  );
  new NetworkPolicy(name, { place: ground.place, name: args.name, pods: labels, to: [dns(), ...args.to] }, { parent });
}

/** Celery beat: starts the periodic tasks. */
export class Beat extends pulumi.ComponentResource {
  constructor(name: string, { ground, secrets }: PartArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Beat", name, {}, opts);
    const { deployment, celery } = ground.settings;
    const env = {
      CELERY_COMMAND: "beat",
      DEPLOYMENT: deployment,
      APP: celery.app,
      ...secrets.queues(),
      ...secrets.database(),
      ...secrets.sentry(),
    };
    consumer(
      name,
      {
        ground,
        name: "packit-service-beat",
        image: "worker",
        container: {
          command: ["/usr/bin/run_worker.sh"],
          env,
          mounts: secrets.mounts(true),
          resources: { cpu: "80m", memory: "150Mi" },
        },
        to: [anywhere(443, 22), ...databases(ground)],
        noProbes: "beat listens on nothing and answers nobody; it exits when it cannot go on",
      },
      this,
    );
    this.registerOutputs({});
  }
}

/** Listener on Fedora Messaging. Its queue is exclusive, so there is never more than one. */
export class Fedmsg extends pulumi.ComponentResource {
  constructor(name: string, { ground, secrets }: PartArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:Fedmsg", name, {}, opts);
    const env = {
      FEDORA_MESSAGING_CONF: "/home/packit/.config/fedora.toml",
      ...secrets.queues(),
      DEPLOYMENT: ground.settings.deployment,
      ...secrets.sentry(),
    };
    consumer(
      name,
      {
        ground,
        name: "packit-service-fedmsg",
        image: "fedmsg",
        container: {
          command: ["listen-to-fedora-messaging"],
          env,
          mounts: secrets.mounts(true),
          resources: { cpu: "100m", memory: "80Mi" },
        },
        to: [anywhere(443, 5671), ...between([ground.settings.keyValue.kind], 6379)],
        noProbes: "a quiet bus looks like a dead listener; it exits when the connection is lost",
      },
      this,
    );
    this.registerOutputs({});
  }
}

/** Listener on CentOS' MQTT bus, for git.centos.org. */
export class Centosmsg extends pulumi.ComponentResource {
  constructor(
    name: string,
    { ground, secrets, files }: PartArgs & { readonly files: KeyFiles },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("orrery:packit:Centosmsg", name, {}, opts);
    const { place, settings } = ground;
    const production = settings.deployment === "prod";
    const certificates = new ServiceSecret(
      name,
      {
        place,
        name: "centos-secrets",
        values: { "centos-server-ca.cert": files.centosServerCa, "centos.cert": files.centosCertificate },
      },
      { parent: this },
    );
    const env = {
      DEPLOYMENT: settings.deployment,
      MQTT_HOST: production ? "mqtt.git.centos.org" : "mqtt.stg.centos.org",
      MQTT_TOPICS: production ? "git.centos.org/#" : "git.stg.centos.org/#",
      MQTT_SUBTOPICS: "pull-request",
      LOG_LEVEL: "INFO",
      ...secrets.queues(),
      ...secrets.sentry(),
      CELERY_DEFAULT_QUEUE: "short-running",
    };
    consumer(
      name,
      {
        ground,
        name: "packit-service-centosmsg",
        image: "centosmsg",
        container: {
          command: ["listen-to-centos-messaging"],
          env,
          mounts: { "/secrets": certificates.mount({ volume: "centos-secrets" }) },
          resources: { cpu: "100m", memory: "80Mi" },
        },
        to: [anywhere(443, 8883), ...between([settings.keyValue.kind], 6379)],
        noProbes: "a quiet bus looks like a dead listener; it exits when the connection is lost",
      },
      this,
    );
    this.registerOutputs({});
  }
}
