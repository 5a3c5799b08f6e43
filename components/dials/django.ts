import * as pulumi from "@pulumi/pulumi";
import type { DialsConfig } from "./config.ts";
import type { DialsSettings } from "./settings.ts";
import { roles } from "./inventory.ts";

/** Variables of dials-backend-configmap; every value is text, as a ConfigMap needs it. */
export function djangoVariables(settings: DialsSettings) {
  const hosts = publicHosts(settings);
  const origins = hosts.map((host) => `https://${host}`).join(" ");
  const { sso, web } = settings;
  return {
    DJANGO_ENV: "prod",
    DJANGO_DEBUG: "0",
    DJANGO_CACHE_TTL: `${web.cacheSeconds}`,
    DJANGO_ALLOWED_HOSTS: hosts.join(" "),
    DJANGO_CSRF_TRUSTED_ORIGINS: origins,
    DJANGO_CORS_ALLOWED_ORIGINS: origins,
    DJANGO_WORKSPACES: JSON.stringify(roles(settings.workspaces)),
    DJANGO_DEFAULT_WORKSPACE: settings.defaultWorkspace,
    DJANGO_KEYCLOAK_SERVER_URL: sso.server,
    DJANGO_KEYCLOAK_REALM: sso.realm,
    GUNICORN_LOG_TO_STDOUT: "1",
    GUNICORN_N_WORKERS: `${web.gunicornWorkers}`,
    GUNICORN_TIMEOUT: `${web.timeoutSeconds}`,
  };
}

/** Both public names, the API's first. */
function publicHosts({ apiHost, frontendHost }: DialsSettings): readonly [api: string, frontend: string] {
  return [apiHost, frontendHost];
}

export interface DjangoSecretArgs {
  readonly settings: DialsSettings;
  readonly secrets: DialsConfig["secrets"];
  /** API client -> its secret. */
  readonly apiClients: Readonly<Record<string, pulumi.Output<string>>>;
  readonly signingKey: pulumi.Input<string>;
  readonly cacheUrl: pulumi.Input<string>;
  /** Server URL without a database. */
  readonly databaseUri: pulumi.Input<string>;
}

/** Variables of dials-backend-secrets. */
export function djangoSecrets({ settings, secrets, ...args }: DjangoSecretArgs) {
  const { sso, accounts } = settings;
  return {
    DJANGO_SECRET_KEY: args.signingKey,
    DJANGO_REDIS_URL: args.cacheUrl,
    DJANGO_DATABASE_URI: args.databaseUri,
    DJANGO_KEYCLOAK_CLIENT_ID: sso.confidentialClient,
    DJANGO_KEYCLOAK_SECRET_KEY: secrets.confidentialClientSecret,
    DJANGO_KEYCLOAK_API_CLIENTS: pulumi.output(args.apiClients).apply(apiClientsJson),
    DJANGO_OMS_SSO_CLIENT_ID: sso.omsClient,
    DJANGO_OMS_SSO_CLIENT_SECRET: secrets.omsClientSecret,
    DJANGO_KEYTAB_USR: accounts.lxplus,
    DJANGO_KEYTAB_PWD: secrets.lxplusPassword,
  };
}

/** Secret -> client, since the backend looks a caller up by the secret. @throws if two clients have the same secret */
export function apiClientsJson(clients: Readonly<Record<string, string>>): string {
  const owners = new Map<string, string>();
  for (const [client, secret] of Object.entries(clients)) {
    const owner = owners.get(secret);
    if (owner !== undefined) {
      throw new pulumi.RunError(
        `dials:apiClient-${client} and dials:apiClient-${owner} hold the same secret; callers would be indistinguishable`,
      );
    }
    owners.set(secret, client);
  }
  return JSON.stringify(Object.fromEntries(owners));
}

/** URL of the PostgreSQL server; the workspace's name is appended, and SQLAlchemy refuses `postgres:`. */
export function databaseUri({ database }: DialsSettings, password: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.interpolate`postgresql://${database.user}:${password}@${database.host}:${database.port}`;
}
