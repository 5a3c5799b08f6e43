import * as pulumi from "@pulumi/pulumi";
import type { EnvSource } from "../kubernetes/container.ts";
import { ServiceSecret } from "../kubernetes/secret.ts";
import type { Mount } from "../kubernetes/volume.ts";
import type { PackitSecrets } from "./config.ts";
import type { KeyFiles, Passwords } from "./generated.ts";
import type { Ground } from "./ground.ts";
import { serviceDefaults } from "./names.ts";

/** What {@link CommonSecrets} need. */
export interface CommonSecretsArgs {
  readonly ground: Ground;
  readonly secrets: PackitSecrets;
  readonly files: KeyFiles;
  readonly passwords: Passwords;
}

/** The six Secrets that the service's programs share, and how these see them. */
export class CommonSecrets extends pulumi.ComponentResource {
  private readonly ssh: ServiceSecret<"config" | "id_rsa" | "id_rsa.pub">;
  private readonly files: ServiceSecret<"fullchain.pem" | "privkey.pem">;
  private readonly config: ServiceSecret<"packit-service.yaml">;
  private readonly sentryDsn: ServiceSecret<"sentry">;
  private readonly postgres: ServiceSecret<"database-user" | "database-password" | "database-host" | "database-name">;
  private readonly aws: ServiceSecret<"access-key-id" | "secret-access-key">;
  private readonly ground: Ground;

  constructor(name: string, args: CommonSecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:packit:CommonSecrets", name, {}, opts);
    const { ground, secrets, files, passwords } = args;
    const { place, settings, service } = ground;
    const { builds } = serviceDefaults[service];
    const make = <Key extends string>(
      secret: string,
      values: ConstructorParameters<typeof ServiceSecret<Key>>[1]["values"],
    ): ServiceSecret<Key> => new ServiceSecret(`${name}-${secret}`, { place, name: secret, values }, { parent: this });
    const sqs = settings.broker === "sqs";

    this.ground = ground;
    this.ssh = make("packit-ssh", {
      config: secrets.sshConfig,
      id_rsa: files.sshPrivateKey,
      "id_rsa.pub": files.sshPublicKey,
    });
    this.files = make<"fullchain.pem" | "privkey.pem">("packit-secrets", {
      "privkey.pem": files.tlsKey,
      "fullchain.pem": files.tlsCertificate,
      ...(builds ? { "fedora.keytab": { base64: secrets.fedoraKeytab } } : {}),
    });
    this.config = make<"packit-service.yaml">("packit-config", {
      "packit-service.yaml": secrets.serviceConfig,
      ...(builds ? { copr: secrets.copr } : {}),
      ...(builds || settings.parts.fedmsg ? { "fedora.toml": secrets.fedoraToml } : {}),
    });
    this.sentryDsn = make("packit-sentry", { sentry: settings.sentry ? secrets.sentryDsn : "" });
    this.postgres = make("postgres-secret", {
      "database-user": settings.postgres.user,
      "database-password": passwords.postgres,
      "database-host": "postgres",
      "database-name": settings.postgres.database,
    });
    // Empty keys say that Redis is the broker.
    this.aws = make("aws", {
      "access-key-id": sqs ? secrets.awsAccessKeyId : "",
      "secret-access-key": sqs ? secrets.awsSecretAccessKey : "",
    });
    this.registerOutputs({});
  }

  /** Certificate and key alone, for what only serves TLS. */
  certificate(): Mount {
    return this.files.mount({
      volume: "packit-secrets",
      items: { "fullchain.pem": "fullchain.pem", "privkey.pem": "privkey.pem" },
    });
  }

  /** `/secrets` and the configuration, and for who needs it the SSH key. */
  mounts(withSsh: boolean): Record<string, Mount> {
    return {
      ...(withSsh ? { "/packit-ssh": this.ssh.mount({ volume: "packit-ssh" }) } : {}),
      "/secrets": this.files.mount({ volume: "packit-secrets" }),
      "/home/packit/.config": this.config.mount({ volume: "packit-config" }),
    };
  }

  /** How tasks are put into queues and taken from them. */
  queues(): Record<string, string | EnvSource> {
    const { service, settings } = this.ground;
    return {
      AWS_ACCESS_KEY_ID: this.aws.env("access-key-id"),
      AWS_SECRET_ACCESS_KEY: this.aws.env("secret-access-key"),
      QUEUE_NAME_PREFIX: `${service}-${settings.deployment}-`,
      REDIS_SERVICE_HOST: settings.keyValue.kind,
    };
  }

  /** The database, as its clients are told about it. */
  database(): Record<string, EnvSource> {
    return { ...this.databaseServer(), POSTGRESQL_HOST: this.postgres.env("database-host") };
  }

  /** The database, as its server is told about it. */
  databaseServer(): Record<string, EnvSource> {
    return {
      POSTGRESQL_USER: this.postgres.env("database-user"),
      POSTGRESQL_PASSWORD: this.postgres.env("database-password"),
      POSTGRESQL_DATABASE: this.postgres.env("database-name"),
    };
  }

  sentry(): Record<string, EnvSource> {
    return { SENTRY_SECRET: this.sentryDsn.env("sentry") };
  }

  /** Where packages' sources live. */
  distgit(): Record<string, string> {
    const { url, namespace } = this.ground.settings.distgit;
    return { DISTGIT_URL: url, DISTGIT_NAMESPACE: namespace };
  }
}
