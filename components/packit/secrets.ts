import type { SecretSpec } from "../../config/define.ts";
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

type Spec = SecretSpec<PackitSettings>;

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
      formerly: file("id_ed25519 or id_rsa"),
      source: { file: "id_rsa" },
    },
    sshPublicKey: {
      description: "Its public half (id_ed25519.pub; before 2023 id_rsa.pub).",
      format: "ssh-public-key",
      when: ({ generate }) => !generate.sshKey,
      sampleSeed: `${service}-ssh`,
      formerly: file("id_ed25519.pub or id_rsa.pub"),
      source: { file: "id_rsa.pub" },
    },
    sshConfig: {
      description: "SSH's config of the workers.",
      check: sshConfigProblem,
      sample: sampleSshConfig,
      formerly: file("ssh_config"),
      source: { file: "ssh_config" },
    },
    tlsCertificate: {
      description: "Certificate and chain of all public hosts (fullchain.pem).",
      format: "pem-certificate",
      when: ({ generate }) => !generate.tls,
      check: (text, { settings }) => certificateProblem(text, Object.values(settings.hosts)),
      sampleSeed: `${service}-tls`,
      sample: (seed, { hosts }) => sampleCertificate(seed, ["localhost", ...Object.values(hosts)]),
      formerly: file("fullchain.pem"),
      source: { file: "fullchain.pem" },
    },
    tlsKey: {
      description: "Key of the certificate (privkey.pem).",
      format: "pem-private-key",
      when: ({ generate }) => !generate.tls,
      check: (text, { other }) => pairProblem(text, other("tlsCertificate")),
      sampleSeed: `${service}-tls`,
      formerly: file("privkey.pem"),
      source: { file: "privkey.pem" },
    },
    fedoraKeytab: {
      description: "Kerberos keytab of the Fedora account, in base64 (base64 -w0 fedora.keytab).",
      format: "base64",
      when: () => builds,
      check: keytabProblem,
      sample: sampleKeytab,
      formerly: file("fedora.keytab"),
      source: { file: "fedora.keytab" },
    },
    serviceConfig: {
      description: "packit-service.yaml, whole.",
      check: (text, { settings }) => serviceConfigProblem(service, settings, text),
      sample: (seed, settings) => sampleServiceConfig(service, settings, seed),
      formerly: file("packit-service.yaml"),
      source: { file: "packit-service.yaml" },
    },
    copr: {
      description: "Copr's configuration of the command line client.",
      when: () => builds,
      check: coprProblem,
      sample: sampleCopr,
      formerly: file("copr"),
      source: { file: "copr" },
    },
    fedoraToml: {
      description: "Configuration of fedora-messaging.",
      when: ({ parts }) => builds || parts.fedmsg,
      check: fedoraTomlProblem,
      sample: sampleFedoraToml,
      formerly: file("fedora.toml"),
      source: { file: "fedora.toml" },
    },
    sentryDsn: {
      description: "Where errors are reported.",
      format: "url",
      when: ({ sentry }) => sentry,
      formerly: file("sentry_key"),
      source: { file: "sentry_key" },
    },
    awsAccessKeyId: {
      description: "Account that may write into the S3 bucket of the database's backups.",
      format: "token",
      when: ({ databaseBackups }) => databaseBackups,
      formerly: `aws_access_key_id of ${file("extra-vars.yml")}`,
      source: { file: "extra-vars.yml#aws_access_key_id" },
    },
    awsSecretAccessKey: {
      description: "Its secret.",
      format: "token",
      when: ({ databaseBackups }) => databaseBackups,
      formerly: `aws_secret_access_key of ${file("extra-vars.yml")}`,
      source: { file: "extra-vars.yml#aws_secret_access_key" },
    },
    centosServerCa: {
      description: "Authority of CentOS' message bus (centos-server-ca.cert).",
      format: "pem-certificate",
      when: ({ parts, generate }) => parts.centosmsg && !generate.centosCertificate,
      formerly: file("centos-server-ca.cert"),
      source: { file: "centos-server-ca.cert" },
    },
    centosCertificate: {
      description: "Certificate and key of the CentOS account in one file (centos.cert).",
      format: "pem-certificate",
      when: ({ parts, generate }) => parts.centosmsg && !generate.centosCertificate,
      check: (text) => pairProblem(text, text),
      sample: (seed) => sampleCertificate(seed, ["sample.invalid"]) + sample("pem-private-key", seed),
      formerly: file("centos.cert"),
      source: { file: "centos.cert" },
    },
    githubAppKey: {
      description: "Key of the GitHub App (private-key.pem).",
      format: "pem-private-key",
      when: ({ githubAppId, generate }) => githubAppId !== undefined && !generate.githubAppKey,
      formerly: file("private-key.pem"),
      source: { file: "private-key.pem" },
    },
    validationGithubToken: {
      description: "GitHub token that comments on packit/hello-world.",
      format: "token",
      when: ({ validation }) => validation !== undefined,
      formerly: "Secret github-token of project packit-service-validation",
    },
    validationSentryDsn: {
      description: "Where failed validations are reported.",
      format: "url",
      when: ({ validation }) => validation !== undefined,
      formerly: "Secret packit-sentry of project packit-service-validation",
    },
  } as const satisfies Readonly<Record<string, Spec>>;
}
