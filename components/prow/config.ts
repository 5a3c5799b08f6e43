import { type ConfigOf, defineSystem } from "../../config/define.ts";
import { jobSecretFile, jobSecretKeys } from "./jobSecrets.ts";
import { hmacProblem, prowRules } from "./rules.ts";
import { settings } from "./settings.ts";

/** Config of KubeVirt's Prow, one environment a stack. Deck's cookie key is generated. */
export const prowSchema = defineSystem({
  namespace: "prow",
  settings,
  secrets: {
    githubToken: {
      description: "Personal token of the bot; outside production with no scope but read:user.",
      format: "token",
      legacySource: { description: "secrets/oauth-token/oauth", file: "oauth-token/oauth" },
    },
    githubAppPrivateKey: {
      description: "Private key of the GitHub App `github.appId`.",
      format: "pem-private-key",
      legacySource: { description: "secrets/github-token/cert", file: "github-token/cert" },

      when: ({ github }) => github.appId !== undefined,
    },
    githubOauthClientSecret: {
      description: "Secret of the OAuth application `github.oauthClientId`.",
      format: "token",
      legacySource: { description: "secrets/github-oauth-config/secret", file: "github-oauth-config/secret" },
    },
    hmac: {
      description: "What webhooks are signed with: a token, or Prow's YAML map of organisations to tokens with dates.",
      check: hmacProblem,
      legacySource: { description: "secrets/hmac-token/hmac", file: "hmac-token/hmac" },
    },
    slackToken: {
      description: "Slack token for reporting failures.",
      format: "token",
      legacySource: { description: "secrets/slack-token/token", file: "slack-token/token" },
    },
    gcsServiceAccount: {
      description: "Google service account that writes to the bucket.",
      format: "google-service-account",
      legacySource: { description: "secrets/gcs/service-account.json", file: "gcs/service-account.json" },
    },
    kubeconfig: {
      description: "Contexts of the build clusters.",
      format: "kubeconfig",
      legacySource: { description: "secrets/kubeconfig/config", file: "kubeconfig/config" },

      when: ({ buildClusters }) => buildClusters,
    },
  },
  keyedSecrets: {
    jobSecrets: {
      description: "Value of a key of one of `jobSecrets`.",
      format: "token",
      legacySource: (member) => ({ description: "secrets/<name>/<key>", file: jobSecretFile(member) }),

      members: ({ jobSecrets }) => jobSecrets.flatMap((name) => jobSecretKeys[name].map((key) => `${name}-${key}`)),
      key: (member) => `jobSecret-${member}`,
    },
  },
  references: ({ cluster }) => [{ path: "cluster", kind: "cluster", name: cluster }],
  rules: prowRules,
});

export type { ProwSettings } from "./settings.ts";
export type ProwConfig = ConfigOf<typeof prowSchema>;
