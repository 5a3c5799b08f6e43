/** Sesheta's scheduled programs, one CronJob each. */
import type { BlockOptions } from "../../../blocks/block.ts";
import type { ContainerArgs } from "../../../blocks/kubernetes/container.ts";
import { CronJob, type CronJobArgs } from "../../../blocks/kubernetes/cronJob.ts";
import { ConfigMap } from "../../../blocks/kubernetes/configMap.ts";
import { anywhere, dns, NetworkPolicy } from "../../../blocks/kubernetes/networkPolicy.ts";
import { type ChatKey, chatKeyFile, type SeshetaSecret } from "./secrets.ts";
import { s2iFolder } from "./s2iFolder.ts";
import type { BotImage } from "./botImage.ts";
import type { BotsContext } from "./context.ts";
import type { BotsSettings } from "./settings.ts";

/** What Sesheta's programs share. */
export interface SeshetaJobArgs {
  readonly context: BotsContext;
  readonly settings: BotsSettings["sesheta"];
  readonly secret: SeshetaSecret;
  readonly image: BotImage;
}

/** Reminds the team's chat of the scrum meeting. */
export function seshetaScrum(
  name: string,
  args: SeshetaJobArgs & { readonly chatKey: ChatKey },
  opts: BlockOptions,
): void {
  const { context, settings, image } = args;
  const config = new ConfigMap(
    `${name}-config`,
    {
      namespace: context.namespace,
      name: "sesheta-configmap",
      labels: { app: "sesheta" },
      data: {
        "scrum-space": settings.scrumSpace,
        "scrum-message": settings.scrumMessage,
        "scrum-url": settings.scrumUrl,
        "users-invited": settings.usersInvited.join(", "),
      },
    },
    opts,
  );
  scheduled(
    name,
    args,
    {
      name: "sesheta-scrum",
      labels: { app: "sesheta", component: "scrum-standup" },
      schedule: settings.scrumSchedule,
      timeZone: settings.scrumTimeZone,
      // A reminder after the start of the meeting is useless.
      startWithinSeconds: 120,
      deadlineSeconds: 300,
      container: {
        name: "scrum-standup",
        image: image.image,
        exceptions: image.exceptions,
        env: {
          APP_FILE: "scrum_standup.py",
          SESHETA_SCRUM_MESSAGE: config.env("scrum-message"),
          SESHETA_SCRUM_SPACE: config.env("scrum-space"),
          SESHETA_SCRUM_URL: config.env("scrum-url"),
          USERS_INVITED: config.env("users-invited"),
        },
        mounts: {
          "/opt/app-root/src/etc": args.chatKey.mount({ items: { [chatKeyFile]: "credentials.json" }, mode: 0o644 }),
        },
        resources: { cpu: ["100m", "250m"], memory: ["64Mi", "128Mi"] },
      },
    },
    opts,
  );
}

type WithConfiguration = SeshetaJobArgs & { readonly configuration: ConfigMap<"sesheta-bot-config-json"> };

/** Creates the default labels where a repository lacks them. */
export function seshetaLabelChecker(name: string, args: WithConfiguration, opts: BlockOptions): void {
  const program = { file: "check_if_labels_present.py", component: "label-checker" };
  repositoryJob(name, args, { ...program, schedule: "@daily", startWithinSeconds: 3600, deadlineSeconds: 3600 }, opts);
}

/** Labels pull requests by the state of their checks. */
export function seshetaApprover(name: string, args: WithConfiguration, opts: BlockOptions): void {
  const program = { file: "approver.py", component: "approver" };
  repositoryJob(
    name,
    args,
    { ...program, schedule: "*/10 * * * *", startWithinSeconds: 300, deadlineSeconds: 900 },
    opts,
  );
}

/** A program that goes through all repositories with Sesheta's token. */
function repositoryJob(
  name: string,
  args: WithConfiguration,
  program: Pick<CronJobArgs, "schedule" | "startWithinSeconds" | "deadlineSeconds"> & {
    readonly file: string;
    readonly component: string;
  },
  opts: BlockOptions,
): void {
  const { file, component, ...timing } = program;
  scheduled(
    name,
    args,
    {
      ...timing,
      name: `sesheta-${component}`,
      labels: { app: "sesheta", component },
      container: {
        name: `sesheta-${component}`,
        image: args.image.image,
        exceptions: args.image.exceptions,
        env: { APP_FILE: file, SESHETA_GITHUB_ACCESS_TOKEN: args.secret.env("github-oauth-token") },
        mounts: {
          "/opt/app-root/src/etc": args.configuration.mount({ items: { "sesheta-bot-config-json": "config.json" } }),
        },
        resources: { cpu: ["100m", "250m"], memory: ["32Mi", "128Mi"] },
      },
    },
    opts,
  );
}

/** A CronJob with what all three share: the start script's folder, history, suspension and egress. */
function scheduled(
  name: string,
  { context }: SeshetaJobArgs,
  {
    container,
    ...job
  }: Omit<CronJobArgs, "namespace" | "containers"> & {
    readonly labels: Readonly<Record<string, string>>;
    readonly container: ContainerArgs;
  },
  opts: BlockOptions,
): void {
  const { namespace, suspend } = context;
  const { initContainer, mount } = s2iFolder(container);
  const program = { ...container, mounts: { "/opt/app-root/etc": mount, ...container.mounts } };
  const pod = { ...job, initContainers: [initContainer], containers: [program] as const };
  new CronJob(`${name}-job`, { ...pod, namespace, suspend, history: [2, 2] }, opts);
  new NetworkPolicy(
    `${name}-network`,
    { namespace, name: job.name, labels: job.labels, pods: job.labels, egress: [dns(), anywhere(443)] },
    opts,
  );
}
