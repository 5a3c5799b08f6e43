import { z } from "zod";
import type { RuleProblem } from "../../../config/define.ts";
import { namespaceName, pinnedImage } from "../../../config/fields.ts";

const label = z
  .string()
  .regex(
    /^(?=.{1,52}$)[a-z0-9]+(-[a-z0-9]+)*$/,
    "expected a subdomain: at most 52 of a-z, 0-9 and inner hyphens, never two in a row",
  );

/** Bots that a tunnel may lead to; their addresses are taken from their Services. */
const tunnelBots = ["sesheta-webhooks", "webhook2kafka", "review-manager-webhooks"] as const;
export type TunnelBot = (typeof tunnelBots)[number];

const destination = z.union([
  z.strictObject({
    bot: z.enum(tunnelBots).describe("Bot of this stack."),
    path: z
      .string()
      .regex(/^\/\S*$/, "expected a path that begins with /")
      .optional()
      .describe("Path at the bot, e.g. /github."),
  }),
  z.strictObject({ url: z.url({ error: "expected a URL, e.g. https://host/path" }).describe("Any address.") }),
]);

/** Tunnels from ultrahook.com to receivers that the Internet cannot reach. */
export const ultrahookSettings = z.strictObject({
  cluster: z.string().min(1).describe("Cluster that runs the clients."),
  namespace: namespaceName.default("aicoe").describe("Namespace of the clients."),
  createNamespace: z.boolean().default(true).describe("Create the namespace; off where someone else owns it."),
  protect: z.boolean().default(true).describe("Refuse to delete the namespace."),
  paused: z
    .boolean()
    .default(false)
    .describe("Run no client: on while another cluster does, as two clients of one subdomain lose events."),
  keys: z
    .array(label)
    .min(1)
    .default(["ultrahook-aicoe", "ultrahook-thoth"])
    .describe("Names of the Secrets with an API key, one an account; each asks for the secret ultrahookKey-<name>."),
  tunnels: z
    .record(
      label,
      z.strictObject({
        key: label.describe("Which of `keys` it uses."),
        destination: destination.describe("Where its webhooks go."),
      }),
    )
    .describe("Subdomain -> where its webhooks go."),
  image: pinnedImage.optional(),
});
export type UltrahookSettings = z.infer<typeof ultrahookSettings>;

/** Problems across the tunnels' settings; `bots` are those that the stack runs. */
export function ultrahookProblems(settings: UltrahookSettings, bots: ReadonlySet<TunnelBot>): readonly RuleProblem[] {
  return Object.entries(settings.tunnels).flatMap(([subdomain, { key, destination: where }]) => {
    const path = `ultrahook.tunnels.${subdomain}`;
    const unknownKey = settings.keys.includes(key)
      ? []
      : [{ path: `${path}.key`, problem: `got "${key}"; expected one of ultrahook.keys: ${settings.keys.join(", ")}` }];
    const unknownBot =
      "url" in where || bots.has(where.bot)
        ? []
        : [{ path: `${path}.destination.bot`, problem: `got "${where.bot}", which this stack does not run` }];
    return [...unknownKey, ...unknownBot];
  });
}
