/** Secrets of Thoth. */
import { backupSecrets } from "../../config/backups.ts";
import type { KeyedSecretSpecs, SecretSpecs } from "../../config/define.ts";
import { sample } from "../../config/samples.ts";
import type { ThothSettings } from "./settings.ts";
import { buildsImages, regidoresRun, usesChatKey, usesSeshetaSecret } from "./bots/settings.ts";
import { kafkaBrokersProblem, sampleKafkaBrokers } from "./bots/kafkaBrokers.ts";

/** Of a secret that names a chat space. */
const chatSpace = {
  check: (text: string) => (/^spaces\/[^/\s]+$/.test(text) ? undefined : "expected spaces/<id>"),
  sample: (seed: string) => `spaces/${sample("token", seed).replace("sample-", "").slice(0, 11)}`,
};

export const thothSecrets = {
  kebechetSshKey: {
    description: "SSH key with which Kebechet and Nepthys push to GitHub.",
    format: "ssh-private-key",
    legacySource: {
      description: "gopass aicoe/thoth/kebechet/kebechet_github",
      gopass: "aicoe/thoth/kebechet/kebechet_github",
    },

    when: ({ bots, station }) =>
      station !== undefined || bots?.kebechet.enabled === true || bots?.nepthys.enabled === true,
  },
  githubOauthToken: {
    description: "OAuth token of Sesheta's GitHub account, the identity of the bots.",
    format: "token",
    legacySource: {
      description:
        "vault_sesheta_github_oauth_token (SESHETA_GITHUB_OAUTH_TOKEN), account in gopass aicoe/thoth/sesheta",
      vault: "vault_sesheta_github_oauth_token",
    },

    when: ({ bots, station }) => bots !== undefined || station !== undefined,
  },
  githubWebhookSecret: {
    description: "Secret that GitHub signs its webhooks with.",
    format: "token",
    legacySource: {
      description: "vault_sesheta_github_webhook_secret (SESHETA_GITHUB_WEBHOOK_SECRET)",
      vault: "vault_sesheta_github_webhook_secret",
    },

    when: ({ bots }) => bots !== undefined && usesSeshetaSecret(bots),
  },
  googleChatSpace: {
    description: "Google Chat space that Sesheta and the Review Manager post to, spaces/<id>.",
    ...chatSpace,
    legacySource: { description: "vault_sesheta_google_chat_space", vault: "vault_sesheta_google_chat_space" },

    when: ({ bots }) => bots !== undefined && (usesSeshetaSecret(bots) || bots.reviewManager?.enabled === true),
  },
  googleServiceAccount: {
    description: "Key file of the Google service account with the scope chat.bot.",
    format: "google-service-account",
    legacySource: {
      description: "gopass aicoe/thoth/sesheta-chatbot-968e13a86991",
      gopass: "aicoe/thoth/sesheta-chatbot-968e13a86991",
    },

    when: ({ bots }) => bots !== undefined && usesChatKey(bots),
  },
  genericWebhookSecret: {
    description: "Secret with which Zuul starts builds in the cluster.",
    format: "token",
    legacySource: {
      description: "Zuul secret sesheta_webhooks_generic_webhook_secret, vault_zuul_incoming_webhook_secret",
      vault: "vault_zuul_incoming_webhook_secret",
    },

    when: ({ bots, station }) => station?.environment === "test" || (bots !== undefined && buildsImages(bots)),
  },
  sentryDsn: {
    description: "Address to which errors are reported, with its key before the @.",
    format: "url",
    // What is read of it is split at the @.
    check: (text) =>
      /^https?:\/\/[^@/]+@./.test(text) ? undefined : "expected a DSN of Sentry: https://<key>@<host>/<project>",
    legacySource: { description: "vault_sentry_dsn", vault: "vault_sentry_dsn" },

    when: ({ bots, station }) =>
      station !== undefined || bots?.kebechet.sentry === true || bots?.reviewManager?.enabled === true,
  },
  cephKeyId: {
    description: "Access key of the object store that keeps the station's results.",
    format: "token",
    legacySource: { description: "vault_ceph_key_id", vault: "vault_ceph_key_id" },

    when: ({ station }) => station !== undefined,
  },
  cephSecretKey: {
    description: "Its secret.",
    format: "token",
    legacySource: { description: "vault_ceph_secret_key", vault: "vault_ceph_secret_key" },

    when: ({ station }) => station !== undefined,
  },
  kafkaBootstrapServers: {
    description: "Kafka brokers, host:port each, with commas between them.",
    check: (text, { settings }) => kafkaBrokersProblem(text, kafkaPort(settings)),
    sample: (_seed, settings) => sampleKafkaBrokers(kafkaPort(settings)),
    legacySource: { description: "vault_kafka_bootstrap_servers", vault: "vault_kafka_bootstrap_servers" },

    when: ({ bots }) => bots !== undefined && regidoresRun(bots),
  },
  kafkaDatahubCa: {
    description: "Certificate authority of the brokers, Data Hub's.",
    format: "pem-certificate",
    legacySource: { description: "vault_datahub_ca_cert", vault: "vault_datahub_ca_cert" },

    when: ({ bots }) => bots !== undefined && regidoresRun(bots),
  },
  reviewManagerAppKey: {
    description: "Private key of the Review Manager's GitHub App.",
    format: "pem-private-key",
    legacySource: { description: "with the admin; Secret sefkhet-abwy-github-app" },
    when: ({ bots }) => bots?.reviewManager?.enabled === true,
  },
  reviewManagerWebhookSecret: {
    description: "Secret that GitHub signs the webhooks of the Review Manager's App with.",
    format: "token",
    legacySource: { description: "with the admin; Secret sefkhet-abwy, key github-webhook-secret" },
    when: ({ bots }) => bots?.reviewManager?.enabled === true,
  },
  aiopsChatSpace: {
    description: "Google Chat space of the AIOps team, spaces/<id>.",
    ...chatSpace,
    legacySource: { description: "with the admin; Secret aiops, key google-chat-space" },
    when: ({ bots }) => bots?.reviewManager?.enabled === true,
  },
  dgraphCaCrt: {
    description: "Certificate authority of Dgraph.",
    format: "pem-certificate",
    legacySource: { description: "vault_ca_crt", vault: "vault_ca_crt" },

    sampleSeed: "dgraph-ca",
    when: suppliesCertificates,
  },
  dgraphNodeCrt: {
    description: "Certificate of Dgraph's servers, for every host and Service.",
    format: "pem-certificate",
    legacySource: { description: "vault_node_crt", vault: "vault_node_crt" },

    sampleSeed: "dgraph-node",
    when: suppliesCertificates,
  },
  dgraphNodeKey: {
    description: "Its key.",
    format: "pem-private-key",
    legacySource: { description: "vault_node_key", vault: "vault_node_key" },

    sampleSeed: "dgraph-node",
    when: suppliesCertificates,
  },
  dgraphClientUserCrt: {
    description: "Certificate of the client `user`.",
    format: "pem-certificate",
    legacySource: { description: "vault_client_user_crt", vault: "vault_client_user_crt" },

    sampleSeed: "dgraph-client",
    when: suppliesCertificates,
  },
  dgraphClientUserKey: {
    description: "Its key.",
    format: "pem-private-key",
    legacySource: { description: "vault_client_user_key", vault: "vault_client_user_key" },

    sampleSeed: "dgraph-client",
    when: suppliesCertificates,
  },
  ...backupSecrets<ThothSettings>(({ dgraph }) => dgraph?.backups !== undefined),
} satisfies SecretSpecs<ThothSettings>;

export const thothKeyedSecrets = {
  ultrahookKeys: {
    description: "API key of an ultrahook.com account, as it is, not base64.",
    format: "token",
    legacySource: (account) => ({
      description: "gopass aicoe/thoth/ultrahook (ULTRAHOOK_API_KEY)",
      gopass: `aicoe/thoth/ultrahook#${account}`,
    }),

    members: ({ ultrahook }) => ultrahook?.keys ?? [],
    key: (member) => `ultrahookKey-${member}`,
  },
} satisfies KeyedSecretSpecs<ThothSettings>;

function kafkaPort({ bots }: ThothSettings): number | undefined {
  return bots?.regidores?.kafkaPort;
}

function suppliesCertificates({ dgraph }: ThothSettings): boolean {
  return dgraph?.certificates.mode === "supplied";
}
