/** Where the keys of a stack are registered. */
import { thothSchema } from "../../../components/thoth/config.ts";
import { wantedSecrets } from "../../../config/secrets.ts";

/** Where the other side of a secret is kept; the first pattern that fits its key counts. */
const places: readonly (readonly [pattern: RegExp, where: string])[] = [
  [/SshKey$/, "log in to GitHub as sesheta: Settings, SSH and GPG keys; ssh-keygen -t ed25519 makes it"],
  [
    /githubOauthToken$/,
    "log in to GitHub as sesheta: Settings, Developer settings, Personal access tokens; three bots use it",
  ],
  [
    /githubWebhookSecret$/,
    "the webhooks of every repository and organisation that call Sesheta, webhook2kafka or the Review Manager",
  ],
  [/reviewManager/, "GitHub, Settings of the Review Manager's App"],
  [/googleServiceAccount$/, "Google Cloud console, IAM, Service accounts, Keys; type JSON, scope chat.bot"],
  [
    /googleChat|aiopsChatSpace/,
    "the Google Chat room: its address ends in the space's id; webhooks are under Apps and integrations",
  ],
  [
    /genericWebhookSecret$/,
    "Zuul's secret sesheta_webhooks_generic_webhook_secret in zuul-config, encrypted with zuul-client encrypt",
  ],
  [/ultrahookKey-/, "ultrahook.com/register, one account a key; the account's name is part of the public address"],
  [/kafka/, "the administrators of the Kafka cluster (Data Hub)"],
  [/sentryDsn$/, "Sentry, project settings, Client keys"],
  [/dgraph/, "dgraph cert; see thoth rotate-dgraph-certificates"],
  [/ceph/, "the administrators of the object store"],
];

/** One secret of a stack. */
interface Note {
  readonly key: string;
  readonly description: string;
  readonly registered: string;
  readonly legacySource: string;
  readonly set: string;
}

/** Notes on every secret that the settings ask for. */
export function notes(stack: string, settings: unknown): readonly Note[] {
  return wantedSecrets(thothSchema, settings)
    .filter(({ required }) => required)
    .map(({ key, spec, legacySource }) => ({
      key,
      description: spec.description,
      registered: places.find(([pattern]) => pattern.test(key))?.[1] ?? "this stack only",
      legacySource: legacySource?.description ?? "",
      set: `npx pulumi config set --stack ${stack} --secret ${key}`,
    }));
}
