/** Secrets that several bots read. */
import type * as pulumi from "@pulumi/pulumi";
import type { BlockOptions } from "../../../blocks/block.ts";
import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import { allOf } from "../../../config/define.ts";
import type { ThothSecrets } from "../config.ts";

/** Name of the Google key file; Sesheta's code knows no other. */
export const chatKeyFile = "sesheta-chatbot-968e13a86991.json";

const labels = { app: "sesheta" };

/** Tokens of Sesheta's account; Webhook2kafka checks signatures with one of them. */
export type SeshetaSecret = ServiceSecret<"github-oauth-token" | "google-chat-space" | "github-webhook-secret">;

/** undefined where no program reads it. */
export function seshetaSecret(
  name: string,
  { namespace, secrets }: SharedSecretArgs,
  opts: BlockOptions,
): SeshetaSecret | undefined {
  const values = allOf({
    "github-oauth-token": secrets.githubOauthToken,
    "google-chat-space": secrets.googleChatSpace,
    "github-webhook-secret": secrets.githubWebhookSecret,
  });
  return values && new ServiceSecret(name, { namespace, name: "sesheta-secret", labels, values }, opts);
}

/** Key of the Google service account that posts to the chat. */
export type ChatKey = ServiceSecret<typeof chatKeyFile>;

/** undefined where no program posts. */
export function chatKey(
  name: string,
  { namespace, secrets }: SharedSecretArgs,
  opts: BlockOptions,
): ChatKey | undefined {
  const values = allOf({ [chatKeyFile]: secrets.googleServiceAccount });
  return values && new ServiceSecret(name, { namespace, name: "sesheta-pubsub-consumer", labels, values }, opts);
}

/** Lets Zuul start builds; OpenShift requires this key. Returns the Secret's name. */
export function buildTrigger(
  name: string,
  { namespace, secrets }: SharedSecretArgs,
  opts: BlockOptions,
): pulumi.Output<string> | undefined {
  const values = allOf({ WebHookSecretKey: secrets.genericWebhookSecret });
  const object = { namespace, name: "generic-webhook-secret", restartOnChange: false };
  return values && new ServiceSecret(name, { ...object, values }, opts).secretName;
}

interface SharedSecretArgs {
  readonly namespace: NamespaceRef;
  readonly secrets: ThothSecrets;
}
