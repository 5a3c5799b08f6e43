/** Secrets that several bots read. */
import type * as pulumi from "@pulumi/pulumi";
import type { NamespaceRef } from "../../../blocks/kubernetes/metadata.ts";
import { ServiceSecret } from "../../../blocks/kubernetes/secret.ts";
import type { ThothSecrets } from "../config.ts";

/** Name of the Google key file; Sesheta's code knows no other. */
export const chatKeyFile = "sesheta-chatbot-968e13a86991.json";

const labels = { app: "sesheta" };

/** What Sesheta's account can do; Webhook2kafka checks signatures with it too. */
export type SeshetaSecret = ReturnType<typeof seshetaSecret>;
export function seshetaSecret(name: string, namespace: NamespaceRef, secrets: ThothSecrets, parent: pulumi.Resource) {
  const values = {
    "github-oauth-token": secrets.githubOauthToken,
    "google-chat-space": secrets.googleChatSpace,
    "github-webhook-secret": secrets.githubWebhookSecret,
  };
  return new ServiceSecret(name, { namespace, name: "sesheta-secret", labels, values }, { parent });
}

/** Key of the Google service account that posts to the chat. */
export type ChatKey = ServiceSecret<typeof chatKeyFile>;
export function chatKey(name: string, namespace: NamespaceRef, secrets: ThothSecrets, parent: pulumi.Resource): ChatKey {
  const values = { [chatKeyFile]: secrets.googleServiceAccount };
  return new ServiceSecret(name, { namespace, name: "sesheta-pubsub-consumer", labels, values }, { parent });
}

/** With it Zuul starts builds; OpenShift wants this key. */
export function buildTrigger(
  name: string,
  namespace: NamespaceRef,
  secrets: ThothSecrets,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const values = { WebHookSecretKey: secrets.genericWebhookSecret };
  return new ServiceSecret(name, { namespace, name: "generic-webhook-secret", values, restartOnChange: false }, { parent }).secretName;
}
