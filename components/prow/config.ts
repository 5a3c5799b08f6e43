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
      formerly: "secrets/oauth-token/oauth",
      source: { file: "oauth-token/oauth" },
    },
    githubAppPrivateKey: {
      description: "Private key of the GitHub App `github.appId`.",
      format: "pem-private-key",
      formerly: "secrets/github-token/cert",
      source: { file: "github-token/cert" },
      when: ({ github }) => github.appId !== undefined,
    },
    githubOauthClientSecret: {
      description: "Secret of the OAuth application `github.oauthClientId`.",
      format: "token",
      formerly: "secrets/github-oauth-config/secret",
      source: { file: "github-oauth-config/secret" },
    },
    hmac: {
      description: "What webhooks are signed with: a token, or Prow's YAML map of organisations to tokens with dates.",
      check: hmacProblem,
      formerly: "secrets/hmac-token/hmac",
      source: { file: "hmac-token/hmac" },
    },
    slackToken: {
      description: "Slack token by which failures are told.",
      format: "token",
      formerly: "secrets/slack-token/token",
      source: { file: "slack-token/token" },
    },
    gcsServiceAccount: {
      description: "Google service account that writes to the bucket.",
      format: "google-service-account",
      formerly: "secrets/gcs/service-account.json",
      source: { file: "gcs/service-account.json" },
    },
    kubeconfig: {
      description: "Contexts of the build clusters.",
      format: "kubeconfig",
      formerly: "secrets/kubeconfig/config",
      source: { file: "kubeconfig/config" },
      when: ({ buildClusters }) => buildClusters,
    },
  },
  families: {
    jobSecrets: {
      description: "Value of a key of one of `jobSecrets`.",
      format: "token",
      formerly: "secrets/<name>/<key>",
      source: (member) => ({ file: jobSecretFile(member) }),
      members: ({ jobSecrets }) => jobSecrets.flatMap((name) => jobSecretKeys[name].map((key) => `${name}-${key}`)),
      key: (member) => `jobSecret-${member}`,
    },
  },
  references: ({ cluster }) => [{ path: "cluster", kind: "cluster", name: cluster }],
  rules: prowRules,
});

export type { ProwSettings } from "./settings.ts";
export type ProwConfig = ConfigOf<typeof prowSchema>;
