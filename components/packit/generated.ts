import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
import type { PackitConfig } from "./config.ts";
import type { PackitSettings } from "./settings.ts";

/** Certificates and keys, given by the owner or made for development. */
export interface KeyFiles {
  readonly sshPrivateKey: pulumi.Output<string>;
  readonly sshPublicKey: pulumi.Output<string>;
  readonly tlsCertificate: pulumi.Output<string>;
  readonly tlsKey: pulumi.Output<string>;
  readonly githubAppKey: pulumi.Output<string>;
  readonly centosServerCa: pulumi.Output<string>;
  /** Certificate and key in one file. */
  readonly centosCertificate: pulumi.Output<string>;
}

/** Passwords that only the service itself uses; they are drawn once and kept in the stack's state. */
export interface Passwords {
  readonly postgres: pulumi.Output<string>;
  readonly flower: pulumi.Output<string>;
  readonly redisCommander: pulumi.Output<string>;
}

/** What the program makes instead of asking for it. */
export class Generated extends pulumi.ComponentResource {
  readonly files: KeyFiles;
  readonly passwords: Passwords;

  constructor(
    name: string,
    args: { readonly config: Pick<PackitConfig, "settings" | "secrets"> },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("orrery:packit:Generated", name, {}, opts);
    const { settings, secrets } = args.config;
    const { generate, postgres } = settings;
    const { sshPrivateKey, sshPublicKey, tlsCertificate, tlsKey, githubAppKey, centosServerCa, centosCertificate } =
      secrets;
    this.files = {
      ...{ sshPrivateKey, sshPublicKey, tlsCertificate, tlsKey, githubAppKey, centosServerCa, centosCertificate },
      ...(generate.sshKey ? this.sshKey(name) : {}),
      ...(generate.tls ? this.certificate(name, settings) : {}),
      ...(generate.githubAppKey ? { githubAppKey: this.key(name, "github-app", 2048).privateKeyPem } : {}),
      ...(generate.centosCertificate ? this.centos(name) : {}),
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

  private sshKey(name: string): Pick<KeyFiles, "sshPrivateKey" | "sshPublicKey"> {
    const key = this.key(name, "ssh", 4096);
    return { sshPrivateKey: key.privateKeyOpenssh, sshPublicKey: key.publicKeyOpenssh };
  }

  private certificate(name: string, { hosts }: PackitSettings): Pick<KeyFiles, "tlsCertificate" | "tlsKey"> {
    const named = Object.values(hosts).filter((host) => host !== undefined);
    const { certificate, key } = this.selfSigned(name, "tls", ["localhost", ...named]);
    return { tlsCertificate: certificate, tlsKey: key };
  }

  private centos(name: string): Pick<KeyFiles, "centosServerCa" | "centosCertificate"> {
    const { certificate, key } = this.selfSigned(name, "centos", ["localhost"]);
    return { centosServerCa: certificate, centosCertificate: pulumi.interpolate`${certificate}${key}` };
  }

  private selfSigned(
    name: string,
    role: string,
    dnsNames: readonly string[],
  ): { certificate: pulumi.Output<string>; key: pulumi.Output<string> } {
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
