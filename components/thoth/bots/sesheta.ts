import * as pulumi from "@pulumi/pulumi";
import { ConfigMap } from "../../../blocks/kubernetes/configMap.ts";
import { http, soon } from "../../../blocks/kubernetes/probe.ts";
import { BotImage } from "./botImage.ts";
import { type ChatKey, chatKeyFile, type SeshetaSecret } from "./secrets.ts";
import { builders } from "../images.ts";
import { Receiver } from "./receiver.ts";
import { seshetaApprover, type SeshetaJobArgs, seshetaLabelChecker, seshetaScrum } from "./seshetaJobs.ts";
import type { BotsContext } from "./context.ts";
import type { BotsSettings } from "./settings.ts";

const labels = { app: "sesheta" };

export interface SeshetaArgs {
  readonly context: BotsContext;
  readonly settings: BotsSettings["sesheta"];
  readonly secret: SeshetaSecret;
}

/** One image, four programs: webhook receiver, scrum reminder, label checker and approver. */
export class Sesheta extends pulumi.ComponentResource {
  /** Takes GitHub's webhooks at `/github` and Alertmanager's alerts at `/prometheus`; when it is switched on. */
  readonly webhooks: Receiver | undefined;

  constructor(name: string, args: SeshetaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:Sesheta", name, {}, opts);
    const { context, settings } = args;
    const { chatKey } = context;
    const parent = { parent: this };
    const shared = { ...args, image: this.image(name, args) };
    if (settings.webhooks && chatKey !== undefined) {
      this.webhooks = this.receiver(`${name}-webhooks`, shared, chatKey);
    }
    if (settings.scrum && chatKey !== undefined) {
      seshetaScrum(`${name}-scrum`, { ...shared, chatKey }, parent);
    }
    if (settings.labelChecker || settings.approver) {
      const configuration = this.configuration(name, args);
      if (settings.labelChecker) {
        seshetaLabelChecker(`${name}-label-checker`, { ...shared, configuration }, parent);
      }
      if (settings.approver) {
        seshetaApprover(`${name}-approver`, { ...shared, configuration }, parent);
      }
    }
    this.registerOutputs({ webhooksUrl: this.webhooks?.url });
  }

  private image(name: string, { context, settings }: SeshetaArgs): BotImage {
    const { namespace, buildSecret } = context;
    return new BotImage(
      `${name}-image`,
      {
        namespace,
        name: "sesheta",
        labels,
        chosen: settings.image,
        buildSetting: "thoth:settings.bots.sesheta.build",
        build: settings.build
          ? {
              git: { uri: "https://github.com/AICoE/sesheta", ref: "master" },
              strategy: { builder: builders.python36 },
              env: { ENABLE_PIPENV: "1" },
              resources: { cpu: ["1", "2"], memory: ["768Mi", "2Gi"] },
              triggers: ["ImageChange", "ConfigChange"],
              history: [2, 5],
              ...(buildSecret === undefined ? {} : { webhookSecret: buildSecret }),
            }
          : undefined,
      },
      { parent: this },
    );
  }

  private receiver(name: string, { context, image, secret }: SeshetaJobArgs, chatKey: ChatKey): Receiver {
    const { namespace, tunnels } = context;
    return new Receiver(
      name,
      {
        namespace,
        name: "sesheta-webhooks",
        labels: { ...labels, component: "webhooks" },
        revisionHistory: 5,
        tunnels,
        container: {
          name: "sesheta-webhooks",
          image: image.image,
          exceptions: image.exceptions,
          env: {
            SESHETA_GITHUB_WEBHOOK_SECRET: secret.env("github-webhook-secret"),
            SESHETA_GOOGLE_CHAT_SPACE: secret.env("google-chat-space"),
            SESHETA_GITHUB_ACCESS_TOKEN: secret.env("github-oauth-token"),
          },
          mounts: { "/opt/app-root/etc/gcloud": chatKey.mount({ items: { [chatKeyFile]: chatKeyFile } }) },
          resources: { cpu: ["125m", "500m"], memory: ["128Mi", "256Mi"] },
          probes: {
            readiness: http("/_healthz/", 8080, { ...soon, timeout: 5 }),
            liveness: http("/_healthz/", 8080, { delay: 30, period: 30, timeout: 5 }),
          },
        },
      },
      { parent: this },
    );
  }

  private configuration(name: string, { context, settings }: SeshetaArgs): ConfigMap<"sesheta-bot-config-json"> {
    const text = `${JSON.stringify(settings.configuration, undefined, 2)}\n`;
    return new ConfigMap(
      `${name}-configuration`,
      { namespace: context.namespace, name: "sesheta-bot", labels, data: { "sesheta-bot-config-json": text } },
      { parent: this },
    );
  }
}
