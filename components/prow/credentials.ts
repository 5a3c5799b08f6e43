import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import { allOf } from "../../config/define.ts";
import type { ProwConfig } from "./config.ts";
import type { ProwSettings } from "./settings.ts";
import { trees } from "./files/base/trees.ts";
import { named } from "./names.ts";
import { jobSecretKeys } from "./jobSecrets.ts";

export interface CredentialsArgs {
  readonly config: ProwConfig;
  readonly namespace: NamespaceRef;
  readonly jobs: NamespaceRef;
}

/** Every Secret of Prow, in the namespace of its readers; those that jobs read too are in both. */
export class Credentials extends pulumi.ComponentResource {
  /** The bot's personal token. */
  readonly oauthToken: ServiceSecret<"oauth">;
  /** The GitHub App that Prow acts as, if there is one. */
  readonly githubApp: ServiceSecret<"appid" | "cert" | "oauth" | "token"> | undefined;
  readonly hmac: ServiceSecret<"hmac">;
  readonly slack: ServiceSecret<"token">;
  readonly cookie: ServiceSecret<"secret">;
  readonly oauthConfig: ServiceSecret<"secret">;
  readonly gcs: ServiceSecret<"service-account.json">;
  /** Contexts of the build clusters, if there are any. */
  readonly kubeconfig: ServiceSecret<"config"> | undefined;
  private readonly prefix: string;
  private readonly args: CredentialsArgs;

  constructor(name: string, args: CredentialsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:prow:Credentials", name, {}, opts);
    this.prefix = name;
    this.args = args;
    const { settings, secrets } = args.config;
    const { appId } = settings.github;

    this.oauthToken = this.both("oauth-token", { oauth: secrets.githubToken });
    this.gcs = this.both("gcs", { "service-account.json": secrets.gcsServiceAccount });
    this.gcsOfRehearsals();
    // The bot's token is in it twice, under the keys that jobs older than the app use.
    const token = { oauth: secrets.githubToken, token: secrets.githubToken };
    const app = allOf({ appid: appId?.toString(), cert: secrets.githubAppPrivateKey });
    if (app === undefined) this.make("github-token", "jobs", token);
    this.githubApp = app && this.both("github-token", { ...token, ...app });
    this.hmac = this.own("hmac-token", { hmac: secrets.hmac });
    this.slack = this.own("slack-token", { token: secrets.slackToken });
    this.cookie = this.own("cookie", { secret: this.drawCookieKey() });
    this.oauthConfig = this.own("github-oauth-config", {
      secret: oauthConfig(settings, secrets.githubOauthClientSecret),
    });
    this.kubeconfig = secrets.kubeconfig && this.own("kubeconfig", { config: secrets.kubeconfig });
    this.forJobs();
    this.registerOutputs({});
  }

  /** Rehearsed jobs use the pull request's own configuration, which has no name prefix. */
  private gcsOfRehearsals(): void {
    const { config, jobs } = this.args;
    const { gcsCredentials: name } = trees[config.settings.configuration.tree];
    if (name === named(config.settings, "gcs")) return;
    const values = { "service-account.json": config.secrets.gcsServiceAccount };
    new ServiceSecret(
      `${this.prefix}-rehearsals-gcs`,
      { namespace: jobs, name, values, restartOnChange: false },
      { parent: this },
    );
  }

  /** What only jobs read. */
  private forJobs(): void {
    const { settings, keyedSecrets } = this.args.config;
    for (const name of settings.jobSecrets) {
      const values = Object.fromEntries(
        jobSecretKeys[name].map((key) => [key, keyedSecrets.jobSecrets[`${name}-${key}`] ?? ""]),
      );
      this.make(name, "jobs", values);
    }
  }

  /** Deck hashes keys of other lengths than 32 bytes and refuses shorter ones. */
  private drawCookieKey(): pulumi.Output<string> {
    const key = new random.RandomPassword(`${this.prefix}-cookie`, { length: 32, special: false }, { parent: this });
    return key.result.apply((text) => Buffer.from(text).toString("base64"));
  }

  private own<Key extends string>(name: string, values: Record<Key, pulumi.Input<string>>): ServiceSecret<Key> {
    return this.make(name, "prow", values);
  }

  /** In both namespaces; the pods of Prow read the one that is returned. */
  private both<Key extends string>(name: string, values: Record<Key, pulumi.Input<string>>): ServiceSecret<Key> {
    this.make(name, "jobs", values);
    return this.make(name, "prow", values);
  }

  private make<Key extends string>(
    name: string,
    where: "prow" | "jobs",
    values: Record<Key, pulumi.Input<string>>,
  ): ServiceSecret<Key> {
    const { config, namespace, jobs } = this.args;
    return new ServiceSecret(
      `${this.prefix}-${where}-${name}`,
      // Jobs' pods are short-lived, so they need no restart.
      {
        namespace: where === "prow" ? namespace : jobs,
        name: named(config.settings, name),
        values,
        restartOnChange: where === "prow",
      },
      { parent: this },
    );
  }
}

/** Deck's OAuth application, as YAML. */
function oauthConfig({ hosts, github }: ProwSettings, clientSecret: pulumi.Output<string>): pulumi.Output<string> {
  return clientSecret.apply((secret) =>
    [
      `client_id: ${JSON.stringify(github.oauthClientId)}`,
      `client_secret: ${JSON.stringify(secret)}`,
      `redirect_url: https://${hosts.deck}/github-login/redirect`,
      "",
    ].join("\n"),
  );
}
