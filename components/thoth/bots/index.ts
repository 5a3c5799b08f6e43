import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../../blocks/kubernetes/cluster.ts";
import { ImageStream } from "../../../blocks/kubernetes/imageStream.ts";
import { Namespace } from "../../../blocks/kubernetes/namespace.ts";
import { workloadAlerts } from "../../../blocks/kubernetes/alerts.ts";
import { PrometheusRule } from "../../../blocks/kubernetes/prometheusRule.ts";
import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import { buildTrigger, chatKey, seshetaSecret } from "./secrets.ts";
import { allOf } from "../../../config/define.ts";
import type { ThothSecrets } from "../config.ts";
import { type BotsSettings, builderNames, buildsImages, seshetaRuns } from "./settings.ts";
import type { TunnelBot } from "../ultrahook/settings.ts";
import { builders } from "../images.ts";
import type { BotsContext } from "./context.ts";
import { Kebechet } from "./kebechet.ts";
import { Nepthys } from "./nepthys.ts";
import type { Receiver } from "./receiver.ts";
import { Regidores } from "./regidores.ts";
import { reviewManager } from "./reviewManager.ts";
import { Sesheta } from "./sesheta.ts";

export interface BotsArgs {
  readonly cluster: Cluster;
  readonly settings: BotsSettings;
  readonly secrets: ThothSecrets;
  /** Namespace of tunnels on the same cluster that lead to bots. @default none */
  readonly tunnels: string | undefined;
}

/** The team's bots, in a namespace of their own. */
export class Bots extends pulumi.ComponentResource {
  readonly namespace: pulumi.Output<string>;
  /** The running bots that receive webhooks. */
  readonly receivers: Readonly<Partial<Record<TunnelBot, Receiver>>>;

  constructor(name: string, args: BotsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:Bots", name, {}, opts);
    const { settings, secrets, cluster } = args;
    const namespace = new Namespace(
      `${name}-namespace`,
      { cluster, name: settings.namespace, retention: { protect: settings.protect }, builds: buildsImages(settings) },
      { parent: this },
    );
    const shared = { namespace, secrets };
    const context: BotsContext = {
      namespace,
      suspend: settings.suspendCronJobs,
      buildSecret: buildsImages(settings) ? this.buildPrerequisites(name, namespace, args) : undefined,
      tunnels: args.tunnels,
      seshetaSecret: seshetaSecret(`${name}-sesheta-secret`, shared, { parent: this }),
      chatKey: chatKey(`${name}-chat-key`, shared, { parent: this }),
    };
    this.pushingBots(name, context, args);
    this.receivers = this.webhookBots(name, context, args);
    new PrometheusRule(name, { namespace, name: "bots", alerts: workloadAlerts(namespace) }, { parent: this });
    this.namespace = namespace.name;
    this.registerOutputs({ namespace: this.namespace });
  }

  /** The bots that push to repositories. */
  private pushingBots(name: string, context: BotsContext, { settings, secrets }: BotsArgs): void {
    const { kebechet, nepthys } = settings;
    const { kebechetSshKey: sshKey, githubOauthToken: githubToken } = secrets;
    if (kebechet.enabled && sshKey !== undefined && githubToken !== undefined) {
      const sentryDsn = kebechet.sentry ? secrets.sentryDsn : undefined;
      const args = { context, settings: kebechet, sshKey, githubToken, sentryDsn };
      new Kebechet(`${name}-kebechet`, args, { parent: this });
    }
    if (nepthys.enabled && sshKey !== undefined) {
      new Nepthys(`${name}-nepthys`, { context, settings: nepthys, sshKey }, { parent: this });
    }
  }

  /** The bots that receive webhooks, or share their Secrets. */
  private webhookBots(
    name: string,
    context: BotsContext,
    { settings, secrets }: BotsArgs,
  ): Partial<Record<TunnelBot, Receiver>> {
    const { seshetaSecret: secret, chatKey: key } = context;
    const found: Partial<Record<TunnelBot, Receiver>> = {};
    if (seshetaRuns(settings) && secret !== undefined) {
      const args = { context, settings: settings.sesheta, secret };
      const { webhooks } = new Sesheta(`${name}-sesheta`, args, { parent: this });
      if (webhooks !== undefined) found["sesheta-webhooks"] = webhooks;
    }
    if (settings.regidores !== undefined && secret !== undefined) {
      const kafka = allOf({ servers: secrets.kafkaBootstrapServers, ca: secrets.kafkaDatahubCa });
      const args = { context, settings: settings.regidores, seshetaSecret: secret, kafka };
      const { webhook2kafka } = new Regidores(`${name}-regidores`, args, { parent: this });
      if (webhook2kafka !== undefined) found.webhook2kafka = webhook2kafka;
    }
    const own = allOf({
      githubToken: secrets.githubOauthToken,
      webhookSecret: secrets.reviewManagerWebhookSecret,
      sentryDsn: secrets.sentryDsn,
      chatSpace: secrets.googleChatSpace,
      aiopsChatSpace: secrets.aiopsChatSpace,
      appKey: secrets.reviewManagerAppKey,
    });
    if (settings.reviewManager !== undefined && key !== undefined && own !== undefined) {
      const args = { context, settings: settings.reviewManager, chatKey: key, secrets: own };
      found["review-manager-webhooks"] = reviewManager(`${name}-review-manager`, args, { parent: this });
    }
    return found;
  }

  /** Prerequisites of builds: the images that they start from, and the Secret of the trigger. */
  private buildPrerequisites(
    name: string,
    namespace: NamespaceRef,
    { settings, secrets }: BotsArgs,
  ): pulumi.Output<string> | undefined {
    for (const { stream, tag, from } of builderNames(settings).map((builder) => builders[builder])) {
      new ImageStream(`${name}-${stream}`, { namespace, name: stream, tags: { [tag]: { from } } }, { parent: this });
    }
    return buildTrigger(`${name}-build-trigger`, { namespace, secrets }, { parent: this });
  }
}
