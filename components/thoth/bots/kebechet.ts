import * as pulumi from "@pulumi/pulumi";
import { CronJob } from "../../../blocks/kubernetes/cronJob.ts";
import { ConfigMap } from "../../../blocks/kubernetes/configMap.ts";
import { anywhere, dns, NetworkPolicy } from "../../../blocks/kubernetes/networkPolicy.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import { BotImage } from "./botImage.ts";
import type { BotsContext } from "./context.ts";
import type { BotsSettings } from "./settings.ts";
import { images, sources } from "../images.ts";
import { sshKey } from "./sshKey.ts";

export interface KebechetArgs {
  readonly context: BotsContext;
  readonly settings: BotsSettings["kebechet"];
  /** Pushes to GitHub. */
  readonly sshKey: pulumi.Output<string>;
  readonly githubToken: pulumi.Output<string>;
  /** @default errors are only logged */
  readonly sentryDsn: pulumi.Output<string> | undefined;
}

/** Keeps dependencies of the repositories fresh, every 20 minutes. */
export class Kebechet extends pulumi.ComponentResource {
  constructor(name: string, args: KebechetArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:Kebechet", name, {}, opts);
    const { context, settings } = args;
    const { namespace } = context;
    const labels = { app: "kebechet" };

    const image = this.image(name, args, labels);
    const secret = new ServiceSecret(
      `${name}-secret`,
      {
        namespace,
        name: "kebechet-secret",
        labels,
        type: "kubernetes.io/ssh-auth",
        values: {
          "ssh-privatekey": args.sshKey,
          "github-oauth-token": args.githubToken,
          "sentry-dsn": args.sentryDsn ?? "",
        },
      },
      { parent: this },
    );
    const config = new ConfigMap(
      `${name}-config`,
      {
        namespace,
        name: "kebechet-configmap",
        labels,
        data: { "kebechet-config": settings.configuration, "kebechet-verbose": settings.verbose ? "1" : "0" },
      },
      { parent: this },
    );
    const key = sshKey(secret, image);
    new CronJob(
      `${name}-job`,
      {
        ...{ namespace, name: "kebechet", schedule: "*/20 * * * *", deadlineSeconds: 7200 },
        labels,
        suspend: context.suspend,
        history: [2, 1],
        initContainers: [key.initContainer],
        containers: [
          {
            name: "kebechet",
            image: image.image,
            exceptions: {
              ...image.exceptions,
              "writable-root": "its start script adds a line for the platform's user id to /etc/passwd",
            },
            env: {
              PIPENV_NOSPIN: "1",
              PIPENV_COLORBLIND: "1",
              PIPENV_HIDE_EMOJIS: "1",
              KEBECHET_SUBCOMMAND: "run",
              KEBECHET_TOKEN: secret.env("github-oauth-token"),
              KEBECHET_CONFIGURATION_PATH: config.env("kebechet-config"),
              KEBECHET_VERBOSE: config.env("kebechet-verbose"),
              SENTRY_DSN: secret.env("sentry-dsn"),
              THOTH_DEPLOYMENT_NAME: namespace.plainName,
            },
            mounts: { "/home/user/.ssh": key.mount },
            resources: { cpu: "2", memory: "2Gi" },
          },
        ],
      },
      { parent: this },
    );
    new NetworkPolicy(
      `${name}-network`,
      { namespace, name: "kebechet", labels, pods: labels, egress: [dns(), anywhere(22, 443)] },
      { parent: this },
    );
    this.registerOutputs({});
  }

  private image(name: string, args: KebechetArgs, labels: Record<string, string>): BotImage {
    const { settings } = args;
    const { namespace, buildSecret } = args.context;
    return new BotImage(
      `${name}-image`,
      {
        namespace,
        name: "kebechet-job",
        labels,
        chosen: settings.image,
        published: images.kebechet,
        buildSetting: "thoth:settings.bots.kebechet.build",
        build: settings.build
          ? {
              git: { uri: "https://github.com/thoth-station/kebechet", ref: sources.kebechet },
              strategy: { dockerfile: "Dockerfile", noCache: true },
              resources: { cpu: "1", memory: "1Gi" },
              triggers: ["ConfigChange"],
              ...(buildSecret === undefined ? {} : { webhookSecret: buildSecret }),
            }
          : undefined,
      },
      { parent: this },
    );
  }
}
