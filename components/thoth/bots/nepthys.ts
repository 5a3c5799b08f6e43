import * as pulumi from "@pulumi/pulumi";
import { CronJob } from "../../../blocks/kubernetes/cronJob.ts";
import { anywhere, dns, NetworkPolicy } from "../../../blocks/kubernetes/networkPolicy.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import { BotImage } from "./botImage.ts";
import type { BotsContext } from "./context.ts";
import type { BotsSettings } from "./settings.ts";
import { images, sources } from "../images.ts";
import { sshKey } from "./sshKey.ts";

export interface NepthysArgs {
  readonly context: BotsContext;
  readonly settings: BotsSettings["nepthys"];
  /** Pushes to GitHub. */
  readonly sshKey: pulumi.Output<string>;
}

/** Regenerates the documentation of the repositories and pushes it, daily. */
export class Nepthys extends pulumi.ComponentResource {
  constructor(name: string, args: NepthysArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:Nepthys", name, {}, opts);
    const { context, settings } = args;
    const { namespace } = context;
    const labels = { app: "thoth", component: "nepthys" };

    const image = this.image(name, args, labels);
    const secret = new ServiceSecret(
      `${name}-secret`,
      {
        namespace,
        name: "nepthys-secret",
        labels,
        type: "kubernetes.io/ssh-auth",
        values: {
          "ssh-privatekey": args.sshKey,
          "user-name": settings.userName,
          "user-email": settings.userEmail,
        },
      },
      { parent: this },
    );
    const key = sshKey(secret, image);
    new CronJob(
      `${name}-job`,
      {
        ...{ namespace, name: "nepthys", schedule: "@daily", deadlineSeconds: 1800 },
        labels,
        suspend: context.suspend,
        history: [2, 1],
        startWithinSeconds: 3600,
        // The image names no user; anyone may write its home.
        runAs: { user: 1042, group: 1042 },
        initContainers: [key.initContainer],
        containers: [
          {
            name: "nepthys",
            image: image.image,
            exceptions: {
              ...image.exceptions,
              "writable-root": "it clones and builds the documentation in its working folder",
            },
            env: {
              PIPENV_NOSPIN: "1",
              PIPENV_COLORBLIND: "1",
              PIPENV_HIDE_EMOJIS: "1",
              GITHUB_USER: secret.env("user-name"),
              GITHUB_USER_EMAIL: secret.env("user-email"),
            },
            mounts: { "/home/user/.ssh": key.mount },
            resources: { cpu: "500m", memory: "1Gi" },
          },
        ],
      },
      { parent: this },
    );
    new NetworkPolicy(
      `${name}-network`,
      { namespace, name: "nepthys", labels, pods: labels, egress: [dns(), anywhere(22, 443)] },
      { parent: this },
    );
    this.registerOutputs({});
  }

  private image(name: string, args: NepthysArgs, labels: Record<string, string>): BotImage {
    const { settings } = args;
    const { namespace, buildSecret } = args.context;
    return new BotImage(
      `${name}-image`,
      {
        namespace,
        name: "nepthys-job",
        labels,
        chosen: settings.image,
        published: images.nepthys,
        buildSetting: "thoth:settings.bots.nepthys.build",
        build: settings.build
          ? {
              git: { uri: "https://github.com/thoth-station/nepthys", ref: sources.nepthys },
              strategy: { dockerfile: "Dockerfile" },
              resources: { cpu: "500m", memory: "512Mi" },
              triggers: ["ConfigChange"],
              ...(buildSecret === undefined ? {} : { webhookSecret: buildSecret }),
            }
          : undefined,
      },
      { parent: this },
    );
  }
}
