import * as pulumi from "@pulumi/pulumi";
import type { EnvSource } from "../../blocks/kubernetes/container.ts";
import type { NamespaceRef } from "../../blocks/kubernetes/metadata.ts";
import { ServiceSecret } from "../../blocks/kubernetes/secret.ts";
import type { Mount } from "../../blocks/kubernetes/volume.ts";
import { allOf } from "../../config/define.ts";
import type { PackitSecrets } from "./config.ts";
import type { KeyFiles, Passwords } from "./generated.ts";
import { githubKeyFolder } from "./names.ts";
import type { PackitSettings } from "./settings.ts";

export interface CommonSecretsArgs {
  readonly namespace: NamespaceRef;
  readonly settings: PackitSettings;
  readonly secrets: PackitSecrets;
  readonly files: KeyFiles;
  readonly passwords: Passwords;
}

/** Where the images look for the service's own configuration. */
const configFolder = "/home/packit/.config";

/** The Secrets that the service's programs share, and which of their keys each program sees. */
export class CommonSecrets extends pulumi.ComponentResource {
  private readonly ssh: ServiceSecret<"config" | "id_ed25519" | "id_ed25519.pub" | "id_rsa" | "id_rsa.pub">;
  private readonly files: ServiceSecret<"fullchain.pem" | "privkey.pem" | "fedora.keytab">;
  private readonly config: ServiceSecret<"packit-service.yaml" | "copr" | "fedora.toml">;
  private readonly githubKey: ServiceSecret<"private-key.pem"> | undefined;
  private readonly sentryDsn: ServiceSecret<"sentry">;
  private readonly postgres: ServiceSecret<"database-user" | "database-password" | "database-host" | "database-name">;
  private readonly aws: ServiceSecret<"access-key-id" | "secret-access-key"> | undefined;
  private readonly settings: PackitSettings;
  /** Whether Fedora packages are built, with Copr and Kerberos. */
  private readonly builds: boolean;

  constructor(name: string, args: CommonSecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:CommonSecrets", name, {}, opts);
    const { namespace, settings, secrets, files, passwords } = args;
    type Values<Key extends string> = ConstructorParameters<typeof ServiceSecret<Key>>[1]["values"];
    // Keys that the service lacks are not mounted either.
    const make = <Key extends string>(secret: string, values: Partial<Values<Key>>): ServiceSecret<Key> =>
      new ServiceSecret(
        `${name}-${secret}`,
        { namespace, name: secret, values: values as Values<Key> },
        { parent: this },
      );

    this.settings = settings;
    this.builds = secrets.copr !== undefined && secrets.fedoraKeytab !== undefined;
    // Images until April 2023 look for id_rsa, those since for id_ed25519; SSH itself does not mind the name.
    this.ssh = make("packit-ssh", {
      config: secrets.sshConfig,
      id_ed25519: files.ssh.privateKey,
      "id_ed25519.pub": files.ssh.publicKey,
      id_rsa: files.ssh.privateKey,
      "id_rsa.pub": files.ssh.publicKey,
    });
    this.files = make<"fullchain.pem" | "privkey.pem" | "fedora.keytab">("packit-secrets", {
      "privkey.pem": files.tls.key,
      "fullchain.pem": files.tls.certificate,
      ...(secrets.fedoraKeytab === undefined ? {} : { "fedora.keytab": { base64: secrets.fedoraKeytab } }),
    });
    this.config = make<"packit-service.yaml" | "copr" | "fedora.toml">("packit-config", {
      "packit-service.yaml": secrets.serviceConfig,
      ...(secrets.copr === undefined ? {} : { copr: secrets.copr }),
      ...(secrets.fedoraToml === undefined ? {} : { "fedora.toml": secrets.fedoraToml }),
    });
    if (settings.githubAppId !== undefined && files.githubApp !== undefined) {
      this.githubKey = make("github-app-private-key", { "private-key.pem": files.githubApp });
    }
    this.sentryDsn = make("packit-sentry", { sentry: secrets.sentryDsn ?? "" });
    this.postgres = make("postgres-secret", {
      "database-user": settings.postgres.user,
      "database-password": passwords.postgres,
      "database-host": "postgres",
      "database-name": settings.postgres.database,
    });
    const aws = allOf({ "access-key-id": secrets.awsAccessKeyId, "secret-access-key": secrets.awsSecretAccessKey });
    if (aws !== undefined) this.aws = make("aws", aws);
    this.registerOutputs({});
  }

  /** Certificate and key only, for servers that terminate TLS. */
  certificate(): Mount {
    return this.files.mount({
      volume: "packit-secrets",
      items: { "fullchain.pem": "fullchain.pem", "privkey.pem": "privkey.pem" },
    });
  }

  /** Files of the web service. */
  webMounts(): Record<string, Mount> {
    return {
      "/secrets": this.certificate(),
      [configFolder]: this.serviceConfig(),
      ...this.githubKeyMount(githubKeyFolder),
    };
  }

  /** Files of a worker. */
  workerMounts(): Record<string, Mount> {
    const keytab = { volume: "packit-secrets", items: { "fedora.keytab": "fedora.keytab" } } as const;
    const files = { "packit-service.yaml": "packit-service.yaml", copr: "copr" };
    return {
      "/packit-ssh": this.sshKey(),
      ...(this.builds ? { "/secrets": this.files.mount(keytab) } : {}),
      [configFolder]: this.builds ? this.config.mount({ volume: "packit-config", items: files }) : this.serviceConfig(),
      ...this.githubKeyMount(githubKeyFolder),
    };
  }

  /** Files of Celery beat; it runs the workers' start script, which requires the SSH key. */
  beatMounts(): Record<string, Mount> {
    return { "/packit-ssh": this.sshKey(), [configFolder]: this.serviceConfig() };
  }

  /** Files of the listener on Fedora Messaging. */
  fedmsgMounts(): Record<string, Mount> {
    const items = { "fedora.toml": "fedora.toml" };
    return { [configFolder]: this.config.mount({ volume: "packit-config", items }) };
  }

  /** The key of the GitHub App, if there is one. */
  githubKeyMount(folder: string): Record<string, Mount> {
    return this.githubKey === undefined ? {} : { [folder]: this.githubKey.mount({ volume: "github-app-private-key" }) };
  }

  private sshKey(): Mount {
    return this.ssh.mount({ volume: "packit-ssh" });
  }

  private serviceConfig(): Mount {
    const items = { "packit-service.yaml": "packit-service.yaml" };
    return this.config.mount({ volume: "packit-config", items });
  }

  /** Where tasks are put into queues and taken from them. */
  queues(): Record<string, string> {
    return { REDIS_SERVICE_HOST: this.settings.keyValue.kind };
  }

  /** Variables that only workers have: the account for backups of the database, if there are any. */
  workerVariables(): Record<string, EnvSource> {
    if (this.aws === undefined) return {};
    return {
      AWS_ACCESS_KEY_ID: this.aws.env("access-key-id"),
      AWS_SECRET_ACCESS_KEY: this.aws.env("secret-access-key"),
    };
  }

  /** Variables of the database for its clients. */
  database(): Record<string, EnvSource> {
    return { ...this.databaseServer(), POSTGRESQL_HOST: this.postgres.env("database-host") };
  }

  /** Variables of the database for its server. */
  databaseServer(): Record<string, EnvSource> {
    return {
      POSTGRESQL_USER: this.postgres.env("database-user"),
      POSTGRESQL_PASSWORD: this.postgres.env("database-password"),
      POSTGRESQL_DATABASE: this.postgres.env("database-name"),
    };
  }

  /** Variables of the database for PostgreSQL's own clients. */
  databaseClient(): Record<string, EnvSource> {
    return {
      PGHOST: this.postgres.env("database-host"),
      PGUSER: this.postgres.env("database-user"),
      PGPASSWORD: this.postgres.env("database-password"),
      PGDATABASE: this.postgres.env("database-name"),
    };
  }

  sentry(): Record<string, EnvSource> {
    return { SENTRY_SECRET: this.sentryDsn.env("sentry") };
  }

  /** Where packages' sources live. */
  distgit(): Record<string, string> {
    const { url, namespace } = this.settings.distgit;
    return { DISTGIT_URL: url, DISTGIT_NAMESPACE: namespace };
  }
}
