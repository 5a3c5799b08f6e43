import { z } from "zod";
import type { RuleProblem } from "../../../config/define.ts";
import { namespaceName, pinnedImage, schedule, timeZone } from "../../../config/fields.ts";
import type { TunnelBot } from "../ultrahook/settings.ts";

const url = z.url({ error: "expected a URL, e.g. https://host/path" });

const botLabel = z.strictObject({
  name: z.string().min(1).max(50).describe("Text of the label."),
  color: z
    .string()
    .regex(/^[0-9a-f]{6}$/, "expected six hexadecimal digits, e.g. 00cc00")
    .describe("Colour, without #."),
});

/** Source: `defaultLabels` of Sesheta's own configuration files. */
const defaultLabels: readonly z.infer<typeof botLabel>[] = [
  { name: "bot", color: "698b69" },
  { name: "approved", color: "00cc00" },
  { name: "do-not-merge", color: "cc0000" },
  { name: "do-not-merge/work-in-progress", color: "cc0000" },
  { name: "work-in-progress", color: "cc0000" },
  { name: "needs-rebase", color: "cc0000" },
  { name: "human_intervention_required", color: "f3ccff" },
  { name: "potential_flake", color: "f3ccff" },
  { name: "test:flake", color: "f3ccff" },
  { name: "priority/critical-urgent", color: "e11d21" },
  { name: "hacktoberfest", color: "99cdf8" },
];

const kebechet = z.strictObject({
  enabled: z.boolean().default(true).describe("Deploy Kebechet, which keeps dependencies fresh."),
  configuration: z
    .string()
    .regex(
      /^(https:\/\/|\/)\S+$/,
      "expected a URL that begins with https:// or a path in the image; http:// is taken for a path",
    )
    .default("https://raw.githubusercontent.com/thoth-station/kebechet/master/config/thoth.yaml")
    .describe("Path or https URL of the YAML list of repositories that it looks after."),
  verbose: z.boolean().default(true).describe("Log at debug level."),
  sentry: z.boolean().default(false).describe("Report errors to Sentry; asks for the secret sentryDsn."),
  build: z.boolean().default(false).describe("Build the image in the cluster instead of pulling the published one."),
  image: pinnedImage.optional(),
});

const nepthys = z.strictObject({
  enabled: z.boolean().default(true).describe("Deploy Nepthys, which keeps the documentation fresh."),
  userName: z.string().min(1).default("sesheta").describe("GitHub user that pushes."),
  userEmail: z.email("expected a mail address").describe("Mail address of the commits."),
  build: z.boolean().default(false).describe("Build the image in the cluster instead of pulling the published one."),
  image: pinnedImage.optional(),
});

const sesheta = z.strictObject({
  webhooks: z.boolean().default(true).describe("Deploy the webhook receiver."),
  scrum: z.boolean().default(true).describe("Deploy the scrum reminder."),
  labelChecker: z.boolean().default(true).describe("Deploy the job that creates missing labels."),
  approver: z.boolean().default(true).describe("Deploy the job that labels pull requests whose checks passed."),
  scrumSpace: z
    .string()
    .regex(/^spaces\/\S+$/, "expected spaces/<id>")
    .describe("Google Chat space of the scrum reminder; was SESHETA_SCRUM_SPACE."),
  scrumUrl: url.describe("Where the scrum meets; was SESHETA_SCRUM_URL."),
  scrumMessage: z.string().min(1).default("☎️ the scrum is due in one minute...").describe("Text of the reminder."),
  scrumSchedule: schedule.default("29 12 * * 1,3,5").describe("When the reminder is sent, as a cron expression."),
  scrumTimeZone: timeZone.default("Etc/UTC").describe("Time zone of scrumSchedule."),
  usersInvited: z
    .array(z.string().min(1))
    .default([])
    .describe("Chat names of those whom the reminder mentions; was vault_users_invited."),
  configuration: z
    .strictObject({
      organization: z.string().min(1).describe("GitHub organisation."),
      repositories: z.array(z.string().min(1)).min(1).describe("Repositories of it that are looked after."),
      defaultLabels: z
        .array(botLabel)
        .default([...defaultLabels])
        .describe("Labels that every repository should have."),
    })
    .describe("What label checker and approver work on; was the file named by SESHETA_CONFIG_FILE."),
  build: z.boolean().default(true).describe("Build the image in the cluster; nobody publishes one."),
  image: pinnedImage.optional(),
});

/** Webhook2kafka and the normalizers, together called cyborg-regidores. */
const regidoresSettings = z.strictObject({
  webhook2kafka: z.boolean().default(true).describe("Deploy the receiver that forwards webhooks to Kafka."),
  normalizers: z.boolean().default(true).describe("Deploy the worker that brings raw events into one format."),
  kafkaPort: z.int().min(1).max(65535).default(443).describe("Port of the Kafka brokers, for the network policy."),
  build: z.boolean().default(true).describe("Build the images in the cluster; nobody publishes any."),
  webhook2kafkaImage: pinnedImage.optional(),
  normalizersImage: pinnedImage.optional(),
});

/** Review Manager, a GitHub App that assigns reviewers and concludes reviews. */
const reviewManagerSettings = z.strictObject({
  enabled: z.boolean().default(true).describe("Deploy the Review Manager."),
  appId: z.int().min(1).describe("Number of the GitHub App."),
  build: z.boolean().default(false).describe("Build the image in the cluster instead of pulling the published one."),
  image: pinnedImage.optional(),
});

/** Kebechet, Nepthys and Sesheta. */
export const botsSettings = z.strictObject({
  cluster: z.string().min(1).describe("Cluster that runs the bots; was OCP_URL and OCP_TOKEN."),
  namespace: namespaceName
    .default("aicoe-prod-bots")
    .describe("Namespace of the bots; was SESHETA_APPLICATION_NAMESPACE."),
  protect: z.boolean().default(true).describe("Refuse to delete the namespace."),
  suspendCronJobs: z
    .boolean()
    .default(false)
    .describe("Suspend the CronJobs: on while another cluster still runs the bots, so that two never act at once."),
  kebechet: kebechet.prefault({}),
  nepthys,
  sesheta,
  regidores: regidoresSettings.optional().describe("Webhook2kafka and the normalizers."),
  reviewManager: reviewManagerSettings.optional().describe("Review Manager."),
});

export type BotsSettings = z.infer<typeof botsSettings>;

/** Does any of Sesheta's four programs run? */
export function seshetaRuns({ sesheta: bot }: BotsSettings): boolean {
  return bot.webhooks || bot.scrum || bot.labelChecker || bot.approver;
}

/** Does Webhook2kafka or the normalizers run? */
export function regidoresRun({ regidores: bot }: BotsSettings): boolean {
  return bot !== undefined && (bot.webhook2kafka || bot.normalizers);
}

/** Does anything read `sesheta-secret`? Others share Sesheta's webhook secret. */
export function usesSeshetaSecret(settings: BotsSettings): boolean {
  return seshetaRuns(settings) || regidoresRun(settings);
}

/** Does anything post to Google Chat with the service account's key? */
export function usesChatKey({ sesheta: bot, reviewManager }: BotsSettings): boolean {
  return bot.webhooks || bot.scrum || reviewManager?.enabled === true;
}

/** Is any image built in the cluster? */
export function buildsImages(settings: BotsSettings): boolean {
  const { kebechet: one, nepthys: two, sesheta: three, regidores, reviewManager } = settings;
  return (
    (one.enabled && one.build) ||
    (two.enabled && two.build) ||
    (seshetaRuns(settings) && three.build) ||
    (regidoresRun(settings) && regidores?.build === true) ||
    (reviewManager?.enabled === true && reviewManager.build)
  );
}

/** Which images do the builds start from? */
export function builderNames(settings: BotsSettings): readonly ("python36" | "python38")[] {
  const { sesheta: bot, regidores, reviewManager } = settings;
  const older = (seshetaRuns(settings) && bot.build) || (regidoresRun(settings) && regidores?.build === true);
  const newer = reviewManager?.enabled === true && reviewManager.build;
  return [...(older ? (["python36"] as const) : []), ...(newer ? (["python38"] as const) : [])];
}

/** The bots that tunnels can lead to. */
export function receivers(settings: BotsSettings | undefined): ReadonlySet<TunnelBot> {
  const running: Readonly<Record<TunnelBot, boolean>> = {
    "sesheta-webhooks": settings?.sesheta.webhooks === true,
    webhook2kafka: settings?.regidores?.webhook2kafka === true,
    "review-manager-webhooks": settings?.reviewManager?.enabled === true,
  };
  return new Set(Object.entries(running).flatMap(([bot, runs]) => (runs ? [bot as TunnelBot] : [])));
}

/** Problems across the bots' settings. */
export function botsProblems(settings: BotsSettings): readonly RuleProblem[] {
  const { sesheta: one, regidores } = settings;
  const unbuilt: readonly [boolean, boolean, string | undefined, string][] = [
    [seshetaRuns(settings), one.build, one.image, "sesheta.image"],
    [
      regidores?.webhook2kafka === true,
      regidores?.build === true,
      regidores?.webhook2kafkaImage,
      "regidores.webhook2kafkaImage",
    ],
    [
      regidores?.normalizers === true,
      regidores?.build === true,
      regidores?.normalizersImage,
      "regidores.normalizersImage",
    ],
  ];
  const problem = "got nothing; expected an image, as build is off and nobody publishes one";
  return unbuilt.flatMap(([runs, build, image, path]) =>
    runs && !build && image === undefined ? [{ path: `bots.${path}`, problem }] : [],
  );
}
