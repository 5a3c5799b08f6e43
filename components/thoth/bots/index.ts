import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../../blocks/kubernetes/cluster.ts";
import { ImageStream } from "../../../blocks/kubernetes/imageStream.ts";
import { Namespace } from "../../../blocks/kubernetes/namespace.ts";
import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import { buildTrigger, type ChatKey, chatKey, type SeshetaSecret, seshetaSecret } from "./secrets.ts";
import type { ThothSecrets } from "../config.ts";
import { type BotsSettings, builderNames, buildsImages, seshetaRuns, usesChatKey } from "./settings.ts";
import { usesSeshetaSecret } from "./settings.ts";
import type { TunnelBot } from "../ultrahook/settings.ts";
import { builders } from "../images.ts";
import type { BotArgs } from "./context.ts";
import { Kebechet } from "./kebechet.ts";
import { Nepthys } from "./nepthys.ts";
import type { Receiver } from "./receiver.ts";
import { Regidores } from "./regidores.ts";
import { reviewManager } from "./reviewManager.ts";
import { Sesheta } from "./sesheta.ts";

/** What {@link Bots} need. */
export interface BotsArgs {
  readonly cluster: Cluster;
  readonly settings: BotsSettings;
  readonly secrets: ThothSecrets;
  /** Namespace of tunnels on the same cluster that lead to bots. @default none */
  readonly tunnels: string | undefined;
}

/** The cyborgs of the team, in a namespace of their own. */
export class Bots extends pulumi.ComponentResource {
  readonly namespace: pulumi.Output<string>;
  /** Bots that take webhooks, as far as they run. */
  readonly receivers: Readonly<Partial<Record<TunnelBot, Receiver>>>;

  constructor(name: string, args: BotsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:Bots", name, {}, opts);
    const { settings, secrets, cluster } = args;
    const namespace = new Namespace(
      `${name}-namespace`,
      { cluster, name: settings.namespace, protect: settings.protect, builds: buildsImages(settings) },
      { parent: this },
    );
    const buildSecret = buildsImages(settings) ? this.buildPrerequisites(name, namespace, args) : undefined;
    const bot: BotArgs = { namespace, secrets, suspend: settings.suspendCronJobs, buildSecret, tunnels: args.tunnels };
    if (settings.kebechet.enabled) {
      new Kebechet(`${name}-kebechet`, { ...bot, settings: settings.kebechet }, { parent: this });
    }
    if (settings.nepthys.enabled) {
      new Nepthys(`${name}-nepthys`, { ...bot, settings: settings.nepthys }, { parent: this });
    }
    const shared = usesSeshetaSecret(settings)
      ? seshetaSecret(`${name}-sesheta-secret`, namespace, secrets, this)
      : undefined;
    const key = usesChatKey(settings) ? chatKey(`${name}-chat-key`, namespace, secrets, this) : undefined;
    this.receivers = this.withSharedSecrets(name, bot, settings, shared, key);
    this.namespace = namespace.name;
    this.registerOutputs({ namespace: this.namespace });
  }

  /** The bots that read other bots' Secrets. */
  private withSharedSecrets(
    name: string,
    bot: BotArgs,
    settings: BotsSettings,
    secret: SeshetaSecret | undefined,
    key: ChatKey | undefined,
  ): Partial<Record<TunnelBot, Receiver>> {
    const found: Partial<Record<TunnelBot, Receiver>> = {};
    if (seshetaRuns(settings) && secret !== undefined) {
      const args = { ...bot, settings: settings.sesheta, secret, chatKey: key };
      const { webhooks } = new Sesheta(`${name}-sesheta`, args, { parent: this });
      if (webhooks !== undefined) found["sesheta-webhooks"] = webhooks;
    }
    if (settings.regidores !== undefined && secret !== undefined) {
      const args = { ...bot, settings: settings.regidores, seshetaSecret: secret };
      const { webhook2kafka } = new Regidores(`${name}-regidores`, args, { parent: this });
      if (webhook2kafka !== undefined) found.webhook2kafka = webhook2kafka;
    }
    if (settings.reviewManager?.enabled === true && key !== undefined) {
      const args = { ...bot, settings: settings.reviewManager, chatKey: key };
      found["review-manager-webhooks"] = reviewManager(`${name}-review-manager`, args, this);
    }
    return found;
  }

  /** What builds need: the images that they start from, and the Secret of the trigger. */
  private buildPrerequisites(name: string, namespace: NamespaceRef, { settings, secrets }: BotsArgs): pulumi.Output<string> {
    for (const { stream, tag, from } of builderNames(settings).map((builder) => builders[builder])) {
      new ImageStream(`${name}-${stream}`, { namespace, name: stream, tags: { [tag]: { from } } }, { parent: this });
    }
    return buildTrigger(`${name}-build-trigger`, namespace, secrets, this);
  }
}
