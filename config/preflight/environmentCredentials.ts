/** Logins in the environment that the openstack plugin prefers over the stack's config. */
import * as pulumi from "@pulumi/pulumi";
import type { ConfigOf } from "../define.ts";
import type { cloudsSchema } from "../targets.ts";

type Clouds = ConfigOf<typeof cloudsSchema>["settings"];

/** The plugin reads these where its provider's argument is not set; an empty text counts as not set for it. */
const always = [
  "OS_CLOUD",
  "OS_TOKEN",
  "OS_AUTH_TOKEN",
  "OS_USER_ID",
  "OS_TENANT_ID",
  "OS_PROJECT_ID",
  "OS_USER_DOMAIN_ID",
  "OS_PROJECT_DOMAIN_ID",
  "OS_DOMAIN_ID",
  "OS_DOMAIN_NAME",
  "OS_DEFAULT_DOMAIN",
  "OS_SYSTEM_SCOPE",
];
const besidesPassword = [
  "OS_APPLICATION_CREDENTIAL_ID",
  "OS_APPLICATION_CREDENTIAL_NAME",
  "OS_APPLICATION_CREDENTIAL_SECRET",
];
const besidesApplicationCredential = ["OS_USERNAME", "OS_PASSWORD", "OS_TENANT_NAME", "OS_PROJECT_NAME"];

/** Variables that are set and would change the login or target of the stack's clouds. */
export function environmentLogins(clouds: Clouds, env: NodeJS.ProcessEnv): readonly string[] {
  const logins = Object.values(clouds).flatMap(({ applicationCredentialId }) => [
    ...always,
    ...(applicationCredentialId === undefined ? besidesPassword : besidesApplicationCredential),
  ]);
  return [...new Set(logins)].filter((name) => env[name] !== undefined && env[name] !== "");
}

/** @throws pulumi.RunError if the environment holds such a login. On mocks no plugin reads it, so renders do not care. */
export function assertNoEnvironmentCredentials(config: { readonly settings: Clouds } | undefined): void {
  if (config === undefined || pulumi.runtime.getEngine() === undefined) return;
  const found = environmentLogins(config.settings, process.env);
  if (found.length === 0) return;
  throw new pulumi.RunError(
    `the environment has ${found.join(", ")}, which the openstack plugin would use besides clouds:settings\n` +
      `  unset ${found.join(" ")}`,
  );
}
