import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
import { allOf } from "../../config/define.ts";
import type { PackitConfig } from "./config.ts";
import type { PackitSettings } from "./settings.ts";

/** Certificates and keys: the secrets of the stack, or generated ones for development. */
export interface KeyFiles {
  readonly ssh: { readonly privateKey: pulumi.Output<string>; readonly publicKey: pulumi.Output<string> };
  readonly tls: { readonly certificate: pulumi.Output<string>; readonly key: pulumi.Output<string> };
  /** Key of the GitHub App. */
  readonly githubApp: pulumi.Output<string> | undefined;
  /** CentOS' authority, and certificate and key of the account in one file. */
  readonly centos:
    { readonly serverCa: pulumi.Output<string>; readonly certificate: pulumi.Output<string> } | undefined;
}

/** Passwords that only the service itself uses; generated once and kept in the stack's state. */
export interface Passwords {
  readonly postgres: pulumi.Output<string>;
  readonly flower: pulumi.Output<string>;
  readonly redisCommander: pulumi.Output<string>;
}

/** Secrets that the program generates instead of requiring them. */
export class Generated extends pulumi.ComponentResource {
  readonly files: KeyFiles;
  readonly passwords: Passwords;

  constructor(
    name: string,
    { settings, secrets }: Pick<PackitConfig, "settings" | "secrets">,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("orrery:packit:Generated", name, {}, opts);
    const { generate, postgres } = settings;
    this.files = {
      ssh: allOf({ privateKey: secrets.sshPrivateKey, publicKey: secrets.sshPublicKey }) ?? this.sshKey(name),
      tls: allOf({ certificate: secrets.tlsCertificate, key: secrets.tlsKey }) ?? this.certificate(name, settings),
      githubApp:
        secrets.githubAppKey ?? (generate.githubAppKey ? this.key(name, "github-app", 2048).privateKeyPem : undefined),
      centos:
        allOf({ serverCa: secrets.centosServerCa, certificate: secrets.centosCertificate }) ??
        (generate.centosCertificate ? this.centos(name) : undefined),
    };
    const draw = (role: string, round = 1): pulumi.Output<string> =>
      // Letters and digits only, since some become part of a URL or of a list.
      new random.RandomPassword(
        `${name}-${role}`,
        { length: 32, special: false, keepers: { round: `${round}` } },
        { parent: this },
      ).result;
    this.passwords = {
      postgres: draw("postgres", postgres.passwordRound),
      flower: draw("flower"),
      redisCommander: draw("redis-commander"),
    };
    this.registerOutputs({});
  }

  private key(name: string, role: string, rsaBits: number): tls.PrivateKey {
    return new tls.PrivateKey(`${name}-${role}-key`, { algorithm: "RSA", rsaBits }, { parent: this });
  }

  private sshKey(name: string): KeyFiles["ssh"] {
    const key = this.key(name, "ssh", 4096);
    return { privateKey: key.privateKeyOpenssh, publicKey: key.publicKeyOpenssh };
  }

  private certificate(name: string, { hosts }: PackitSettings): KeyFiles["tls"] {
    const named = Object.values(hosts).filter((host) => host !== undefined);
    return this.selfSigned(name, "tls", ["localhost", ...named]);
  }

  private centos(name: string): NonNullable<KeyFiles["centos"]> {
    const { certificate, key } = this.selfSigned(name, "centos", ["localhost"]);
    return { serverCa: certificate, certificate: pulumi.interpolate`${certificate}${key}` };
  }

  private selfSigned(name: string, role: string, dnsNames: readonly string[]): KeyFiles["tls"] {
    const key = this.key(name, role, 2048);
    const certificate = new tls.SelfSignedCert(
      `${name}-${role}-certificate`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: "localhost" },
        dnsNames: [...dnsNames],
        validityPeriodHours: 365 * 24,
        earlyRenewalHours: 30 * 24,
        allowedUses: ["digital_signature", "key_encipherment", "server_auth"],
      },
      { parent: this },
    );
    return { certificate: certificate.certPem, key: key.privateKeyPem };
  }
}
