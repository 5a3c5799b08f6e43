import type * as pulumi from "@pulumi/pulumi";
import type { BlockOptions } from "../../../blocks/block.ts";
import { soon, tcp } from "../../../blocks/kubernetes/probe.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import { BotImage } from "./botImage.ts";
import type { BotsContext } from "./context.ts";
import { type ChatKey, chatKeyFile } from "./secrets.ts";
import type { BotsSettings } from "./settings.ts";
import { builders, images, sources } from "../images.ts";
import { Receiver } from "./receiver.ts";

export interface ReviewManagerArgs {
  readonly context: BotsContext;
  readonly settings: NonNullable<BotsSettings["reviewManager"]>;
  readonly chatKey: ChatKey;
  readonly secrets: Readonly<
    Record<
      "githubToken" | "webhookSecret" | "sentryDsn" | "chatSpace" | "aiopsChatSpace" | "appKey",
      pulumi.Output<string>
    >
  >;
}

const labels = { app: "review-manager", component: "webhooks" };

/** The GitHub App that assigns reviewers and concludes reviews; takes webhooks at `/github`. */
export function reviewManager(name: string, args: ReviewManagerArgs, opts: BlockOptions): Receiver {
  const { chatKey } = args;
  const { namespace, tunnels } = args.context;
  const { own, aiops, app } = secretsOf(name, args, opts);
  const { image, exceptions } = imageOf(name, args, opts);
  return new Receiver(
    name,
    {
      ...{ namespace, name: "review-manager-webhooks", labels, tunnels },
      container: {
        name: "review-manager-webhooks",
        image,
        exceptions,
        env: {
          APP_FILE: "review-manager",
          DEBUG: "true",
          ENV: "dev",
          PYTHONPATH: ".",
          THOTH_DEPLOYMENT_NAME: namespace.plainName,
          GITHUB_ACCESS_TOKEN: own.env("github-access-token"),
          GITHUB_APP_IDENTIFIER: own.env("github-app-identifier"),
          GITHUB_WEBHOOK_SECRET: own.env("github-webhook-secret"),
          SENTRY_DSN: own.env("sentry-dsn"),
          SESHETA_THOTH_DEVOPS_SPACE: own.env("google-chat-space"),
          SESHETA_AIOPS_DEVOPS_SPACE: aiops.env("google-chat-space"),
        },
        envFrom: [app.envFrom("GITHUB_")],
        // This program looks for the key under a name of its own.
        mounts: { "/opt/app-root/etc/gcloud": chatKey.mount({ items: { [chatKeyFile]: "sesheta-chatbot.json" } }) },
        resources: { cpu: ["100m", "250m"], memory: ["256Mi", "512Mi"] },
        probes: { readiness: tcp(8080, soon), liveness: tcp(8080, { delay: 30, period: 30 }) },
      },
    },
    opts,
  );
}

function secretsOf(name: string, { context, secrets, settings }: ReviewManagerArgs, opts: BlockOptions) {
  const make = <Key extends string>(
    role: string,
    physical: string,
    values: Readonly<Record<Key, pulumi.Input<string>>>,
  ): ServiceSecret<Key> =>
    new ServiceSecret(`${name}-${role}`, { namespace: context.namespace, name: physical, labels, values }, opts);
  return {
    own: make("secret", "sefkhet-abwy", {
      "github-access-token": secrets.githubToken,
      "github-app-identifier": settings.appId.toString(),
      "github-webhook-secret": secrets.webhookSecret,
      "sentry-dsn": secrets.sentryDsn,
      "google-chat-space": secrets.chatSpace,
    }),
    aiops: make("aiops", "aiops", { "google-chat-space": secrets.aiopsChatSpace }),
    app: make("app-key", "sefkhet-abwy-github-app", { PRIVATE_KEY: secrets.appKey }),
  };
}

function imageOf(name: string, { context, settings }: ReviewManagerArgs, opts: BlockOptions): BotImage {
  const { namespace, buildSecret } = context;
  return new BotImage(
    `${name}-image`,
    {
      ...{
        namespace,
        name: "review-manager-webhooks",
        labels,
        chosen: settings.image,
        published: images.reviewManager,
      },
      buildSetting: "thoth:settings.bots.reviewManager.build",
      build: settings.build
        ? {
            git: { uri: "https://github.com/AICoE/sefkhet-abwy", ref: sources.reviewManager },
            strategy: { builder: builders.python38 },
            env: { ENABLE_PIPENV: "1" },
            resources: { cpu: ["500m", "1"], memory: ["512Mi", "1Gi"] },
            triggers: ["ConfigChange"],
            ...(buildSecret === undefined ? {} : { webhookSecret: buildSecret }),
          }
        : undefined,
    },
    opts,
  );
}
