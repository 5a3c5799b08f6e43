/** Slack's incoming webhooks, and what speaks their language (Mattermost, Discord at /slack). */
import type { Sink } from "../change.ts";
import { sendJson, together } from "../variables.ts";

/** Slack shortens longer texts. */
const longest = 38_000;

/** Characters that Slack reads as markup. */
const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

export function slackSink(env: NodeJS.ProcessEnv): Sink | undefined {
  const url = together(env, ["ALERT_SLACK_WEBHOOK"])?.ALERT_SLACK_WEBHOOK;
  if (url === undefined) return undefined;
  return {
    name: "slack",
    send: async ({ title, text }) => {
      const plain = `${title}\n${text}`.slice(0, longest).replaceAll(/[&<>]/g, (one) => escapes[one] ?? one);
      await sendJson("Slack's webhook", url, "POST", { text: plain });
    },
  };
}
