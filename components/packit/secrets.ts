import { backupSecrets } from "../../config/backups.ts";
import type { SecretSpecs } from "../../config/define.ts";
import { sample, sampleCertificate } from "../../config/samples.ts";
import { certificateProblem, pairProblem } from "./certificates.ts";
import type { PackitSettings } from "./settings.ts";
import {
  coprProblem,
  fedoraTomlProblem,
  keytabProblem,
  sampleCopr,
  sampleFedoraToml,
  sampleKeytab,
  sshConfigProblem,
  sampleSshConfig,
} from "./secretFiles.ts";
import { type ServiceName, serviceDefaults } from "./names.ts";
import { sampleServiceConfig } from "./sampleServiceConfig.ts";
import { serviceConfigProblem } from "./serviceConfig.ts";

/** The secrets of one service; each file is kept byte by byte. */
export function packitSecrets(service: ServiceName) {
  // What only building in Fedora needs; service stream works on gitlab.com alone.
  const { builds } = serviceDefaults[service];
  const file = (name: string): string => `${name} in secrets/${service}/<deployment> of the secrets repository`;
  return {
    sshPrivateKey: {
      description: "Key for pushing to dist-git and GitLab (id_ed25519; before 2023 id_rsa).",
      format: "ssh-private-key",
      when: ({ generate }) => !generate.sshKey,
      sampleSeed: `${service}-ssh`,
      legacySource: { description: file("id_ed25519 or id_rsa"), file: "id_rsa" },
    },
    sshPublicKey: {
      description: "Its public half (id_ed25519.pub; before 2023 id_rsa.pub).",
      format: "ssh-public-key",
      when: ({ generate }) => !generate.sshKey,
      sampleSeed: `${service}-ssh`,
      legacySource: { description: file("id_ed25519.pub or id_rsa.pub"), file: "id_rsa.pub" },
    },
    sshConfig: {
      description: "SSH's config of the workers.",
      check: sshConfigProblem,
      sample: sampleSshConfig,
      legacySource: { description: file("ssh_config"), file: "ssh_config" },
    },
    tlsCertificate: {
      description: "Certificate and chain of all public hosts (fullchain.pem).",
      format: "pem-certificate",
      when: ({ generate }) => !generate.tls,
      check: (text, { settings }) => certificateProblem(text, Object.values(settings.hosts)),
      sampleSeed: `${service}-tls`,
      sample: (seed, { hosts }) => sampleCertificate(seed, ["localhost", ...Object.values(hosts)]),
      legacySource: { description: file("fullchain.pem"), file: "fullchain.pem" },
    },
    tlsKey: {
      description: "Key of the certificate (privkey.pem).",
      format: "pem-private-key",
      when: ({ generate }) => !generate.tls,
      check: (text, { other }) => pairProblem(text, other("tlsCertificate")),
      sampleSeed: `${service}-tls`,
      legacySource: { description: file("privkey.pem"), file: "privkey.pem" },
    },
    fedoraKeytab: {
      description: "Kerberos keytab of the Fedora account, in base64 (base64 -w0 fedora.keytab).",
      format: "base64",
      when: () => builds,
      check: keytabProblem,
      sample: sampleKeytab,
      legacySource: { description: file("fedora.keytab"), file: "fedora.keytab" },
    },
    serviceConfig: {
      description: "packit-service.yaml, whole.",
      check: (text, { settings }) => serviceConfigProblem(service, settings, text),
      sample: (seed, settings) => sampleServiceConfig(service, settings, seed),
      legacySource: { description: file("packit-service.yaml"), file: "packit-service.yaml" },
    },
    copr: {
      description: "Copr's configuration of the command line client.",
      when: () => builds,
      check: coprProblem,
      sample: sampleCopr,
      legacySource: { description: file("copr"), file: "copr" },
    },
    fedoraToml: {
      description: "Configuration of fedora-messaging.",
      when: ({ parts }) => builds || parts.fedmsg,
      check: fedoraTomlProblem,
      sample: sampleFedoraToml,
      legacySource: { description: file("fedora.toml"), file: "fedora.toml" },
    },
    sentryDsn: {
      description: "Where errors are reported.",
      format: "url",
      when: ({ sentry }) => sentry,
      legacySource: { description: file("sentry_key"), file: "sentry_key" },
    },
    awsAccessKeyId: {
      description: "Account that may write into the S3 bucket of the database's backups.",
      format: "token",
      when: ({ databaseBackups }) => databaseBackups,
      legacySource: {
        description: `aws_access_key_id of ${file("extra-vars.yml")}`,
        file: "extra-vars.yml#aws_access_key_id",
      },
    },
    awsSecretAccessKey: {
      description: "Its secret.",
      format: "token",
      when: ({ databaseBackups }) => databaseBackups,
      legacySource: {
        description: `aws_secret_access_key of ${file("extra-vars.yml")}`,
        file: "extra-vars.yml#aws_secret_access_key",
      },
    },
    ...backupSecrets<PackitSettings>(({ backups }) => backups !== undefined),
    centosServerCa: {
      description: "Authority of CentOS' message bus (centos-server-ca.cert).",
      format: "pem-certificate",
      when: ({ parts, generate }) => parts.centosmsg && !generate.centosCertificate,
      legacySource: { description: file("centos-server-ca.cert"), file: "centos-server-ca.cert" },
    },
    centosCertificate: {
      description: "Certificate and key of the CentOS account in one file (centos.cert).",
      format: "pem-certificate",
      when: ({ parts, generate }) => parts.centosmsg && !generate.centosCertificate,
      check: (text) => pairProblem(text, text),
      sample: (seed) => sampleCertificate(seed, ["sample.invalid"]) + sample("pem-private-key", seed),
      legacySource: { description: file("centos.cert"), file: "centos.cert" },
    },
    githubAppKey: {
      description: "Key of the GitHub App (private-key.pem).",
      format: "pem-private-key",
      when: ({ githubAppId, generate }) => githubAppId !== undefined && !generate.githubAppKey,
      legacySource: { description: file("private-key.pem"), file: "private-key.pem" },
    },
    validationGithubToken: {
      description: "GitHub token that comments on packit/hello-world.",
      format: "token",
      when: ({ validation }) => validation !== undefined,
      legacySource: { description: "Secret github-token of project packit-service-validation" },
    },
    validationSentryDsn: {
      description: "Where failed validations are reported.",
      format: "url",
      when: ({ validation }) => validation !== undefined,
      legacySource: { description: "Secret packit-sentry of project packit-service-validation" },
    },
  } as const satisfies SecretSpecs<PackitSettings>;
}
