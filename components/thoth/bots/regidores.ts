import * as pulumi from "@pulumi/pulumi";
import type { ContainerArgs } from "../../../blocks/kubernetes/container.ts";
import { Deployment } from "../../../blocks/kubernetes/deployment.ts";
import { anywhere, dns, NetworkPolicy } from "../../../blocks/kubernetes/networkPolicy.ts";
import { http, soon } from "../../../blocks/kubernetes/probe.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import { BotImage } from "./botImage.ts";
import type { BotsContext } from "./context.ts";
import type { SeshetaSecret } from "./secrets.ts";
import type { BotsSettings } from "./settings.ts";
import { builders } from "../images.ts";
import { kafkaBrokers } from "./kafkaBrokers.ts";
import { Receiver } from "./receiver.ts";
import { s2iFolder } from "./s2iFolder.ts";

export interface RegidoresArgs {
  readonly context: BotsContext;
  readonly settings: NonNullable<BotsSettings["regidores"]>;
  readonly seshetaSecret: SeshetaSecret;
  /** Brokers as `host:port,host:port` and their certificate authority; undefined where neither program runs. */
  readonly kafka: { readonly servers: pulumi.Output<string>; readonly ca: pulumi.Output<string> } | undefined;
}

type Kafka = ServiceSecret<"kafka-bootstrap-servers" | "kafka-broker-urls" | "datahub-ca-cert">;

/** The cyborg-regidores: webhooks become Kafka events, and the normalizers bring them into one format. */
export class Regidores extends pulumi.ComponentResource {
  /** Takes webhooks at `/github`, `/gitlab` and `/trello`; when it is switched on. */
  readonly webhook2kafka: Receiver | undefined;

  constructor(name: string, args: RegidoresArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:Regidores", name, {}, opts);
    const { settings, context } = args;
    const { namespace } = context;
    if (args.kafka !== undefined) {
      // kafka-python splits at commas; faust at semicolons, and an address without a scheme is one to it.
      const brokers = args.kafka.servers.apply(kafkaBrokers);
      const kafka = new ServiceSecret(
        `${name}-kafka`,
        {
          namespace,
          name: "cyborg-regidores",
          labels: { app: "cyborg-regidores" },
          values: {
            "kafka-bootstrap-servers": brokers.apply((all) => all.join(",")),
            "kafka-broker-urls": brokers.apply((all) => all.map((one) => `kafka://${one}`).join(";")),
            "datahub-ca-cert": args.kafka.ca,
          },
        },
        { parent: this },
      );
      if (settings.webhook2kafka) {
        this.webhook2kafka = this.receiver(`${name}-webhook2kafka`, args, kafka);
      }
      if (settings.normalizers) {
        this.normalizers(`${name}-normalizers`, args, kafka);
      }
    }
    this.registerOutputs({ webhook2kafkaUrl: this.webhook2kafka?.url });
  }

  private receiver(name: string, args: RegidoresArgs, kafka: Kafka): Receiver {
    const { settings, seshetaSecret } = args;
    const { namespace, tunnels } = args.context;
    const image = this.image(name, "webhook2kafka", args, settings.webhook2kafkaImage);
    const common = container(kafka, image);
    const labels = toLabels("webhook2kafka");
    return new Receiver(
      name,
      {
        ...{ namespace, name: "webhook2kafka", labels, revisionHistory: 4, tunnels },
        calls: [settings.kafkaPort],
        container: {
          ...common,
          name: "webhook2kafka",
          env: {
            APP_FILE: "webhook2kafka.py",
            KAFKA_BOOTSTRAP_SERVERS: kafka.env("kafka-bootstrap-servers"),
            GITHUB_WEBHOOK_SECRET: seshetaSecret.env("github-webhook-secret"),
          },
          probes: {
            readiness: http("/healthz", 8080, { ...soon, timeout: 5 }),
            liveness: http("/healthz", 8080, { delay: 30, period: 30, timeout: 5 }),
          },
        },
      },
      { parent: this },
    );
  }

  private normalizers(name: string, args: RegidoresArgs, kafka: Kafka): void {
    const { settings } = args;
    const { namespace } = args.context;
    const image = this.image(name, "normalizers", args, settings.normalizersImage);
    const { initContainer, mount } = s2iFolder(image);
    const common = container(kafka, image);
    const object = { namespace, name: "normalizers", labels: toLabels("normalizers") };
    new Deployment(
      `${name}-app`,
      {
        ...object,
        revisionHistory: 4,
        initContainers: [initContainer],
        containers: [
          {
            ...common,
            name: "normalizers",
            mounts: { "/opt/app-root/etc": mount, ...common.mounts },
            env: {
              APP_SCRIPT: "normalizers.sh",
              KAFKA_BOOTSTRAP_SERVERS: kafka.env("kafka-broker-urls"),
              // By default Faust keeps its tables in the working folder.
              FAUST_DATADIR: "/tmp/faust",
            },
            probes: { none: "a Faust worker with its web server switched off" },
          },
        ],
      },
      { parent: this },
    );
    new NetworkPolicy(
      `${name}-network`,
      { ...object, pods: object.labels, egress: [dns(), anywhere(settings.kafkaPort)] },
      { parent: this },
    );
  }

  private image(name: string, stream: string, args: RegidoresArgs, chosen: string | undefined): BotImage {
    const { settings } = args;
    const { namespace, buildSecret } = args.context;
    return new BotImage(
      `${name}-image`,
      {
        ...{ namespace, name: stream, labels: toLabels(stream), chosen },
        buildSetting: "thoth:settings.bots.regidores.build",
        build: settings.build
          ? {
              git: { uri: "https://github.com/goern/cyborg-regidores.git", ref: "master" },
              strategy: { builder: builders.python36 },
              env: { ENABLE_PIPENV: "1", UPGRADE_PIP_TO_LATEST: "1" },
              resources: { cpu: ["500m", "1"], memory: ["512Mi", "1Gi"] },
              triggers: ["ConfigChange"],
              ...(buildSecret === undefined ? {} : { webhookSecret: buildSecret }),
            }
          : undefined,
      },
      { parent: this },
    );
  }
}

function toLabels(component: string): Record<string, string> {
  return { app: "cyborg-regidores", component };
}

/** What both programs have in common: the brokers' certificate authority and the size. */
function container(kafka: Kafka, { image, exceptions }: BotImage): Omit<ContainerArgs, "name"> {
  return {
    image,
    exceptions,
    mounts: {
      "/opt/app-root/src/secrets": kafka.mount({ items: { "datahub-ca-cert": "data-hub-kafka-ca.crt" } }),
    },
    resources: { cpu: ["250m", "500m"], memory: ["128Mi", "512Mi"] },
  };
}
