import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { allOf } from "../../../config/define.ts";
import type { ThothSecrets } from "../config.ts";
import type { DgraphSettings } from "./settings.ts";

export interface DgraphCertificatesArgs {
  readonly settings: DgraphSettings;
  readonly secrets: ThothSecrets;
  /** Every name under which a data server is reached. */
  readonly names: readonly string[];
}

/** Files that servers and clients read; the authority's key is not among them. */
type TlsFiles = Readonly<
  Record<"ca.crt" | "node.crt" | "node.key" | "client.user.crt" | "client.user.key", pulumi.Output<string>>
>;

interface Pair {
  readonly crt: pulumi.Output<string>;
  readonly key: pulumi.Output<string>;
}

/** Dgraph's certificates: a long-lived authority, one for the servers and one for the client `user`. */
export class DgraphCertificates extends pulumi.ComponentResource {
  readonly files: TlsFiles;

  constructor(name: string, args: DgraphCertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("orrery:thoth:DgraphCertificates", name, {}, opts);
    const { certificates } = args.settings;
    this.files = certificates.mode === "generated" ? this.generate(name, args, certificates) : supplied(args.secrets);
    this.registerOutputs({});
  }

  private generate(
    name: string,
    { names, settings }: DgraphCertificatesArgs,
    { validDays, renewDays }: Extract<DgraphSettings["certificates"], { mode: "generated" }>,
  ): TlsFiles {
    const keep = { parent: this, protect: settings.protect, retainOnDelete: settings.retainOnDelete };
    const caKey = new tls.PrivateKey(`${name}-ca-key`, { algorithm: "RSA", rsaBits: 2048 }, keep);
    const ca = new tls.SelfSignedCert(
      `${name}-ca`,
      {
        privateKeyPem: caKey.privateKeyPem,
        subject: { commonName: "Dgraph Root CA", organization: "Dgraph" },
        isCaCertificate: true,
        validityPeriodHours: 10 * 365 * 24,
        allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
      },
      keep,
    );
    const sign = (role: string, commonName: string, dnsNames: readonly string[], use: string): Pair => {
      const key = new tls.PrivateKey(`${name}-${role}-key`, { algorithm: "RSA", rsaBits: 2048 }, { parent: this });
      const request = new tls.CertRequest(
        `${name}-${role}-request`,
        {
          privateKeyPem: key.privateKeyPem,
          subject: { commonName, organization: "Dgraph" },
          ...(dnsNames.length === 0 ? {} : { dnsNames: [...dnsNames] }),
        },
        { parent: this },
      );
      const certificate = new tls.LocallySignedCert(
        `${name}-${role}`,
        {
          certRequestPem: request.certRequestPem,
          caPrivateKeyPem: caKey.privateKeyPem,
          caCertPem: ca.certPem,
          validityPeriodHours: validDays * 24,
          earlyRenewalHours: renewDays * 24,
          allowedUses: ["digital_signature", "key_encipherment", use],
        },
        { parent: this },
      );
      return { crt: certificate.certPem, key: key.privateKeyPem };
    };
    const node = sign("node", "Dgraph Node", names, "server_auth");
    const client = sign("client", "user", [], "client_auth");
    return {
      "ca.crt": ca.certPem,
      "node.crt": node.crt,
      "node.key": node.key,
      "client.user.crt": client.crt,
      "client.user.key": client.key,
    };
  }
}

/** @throws if the stack's config lacks one of them */
function supplied(secrets: ThothSecrets): TlsFiles {
  const files = allOf({
    "ca.crt": secrets.dgraphCaCrt,
    "node.crt": secrets.dgraphNodeCrt,
    "node.key": secrets.dgraphNodeKey,
    "client.user.crt": secrets.dgraphClientUserCrt,
    "client.user.key": secrets.dgraphClientUserKey,
  });
  if (files === undefined) throw new Error("thoth:settings.dgraph.certificates.mode supplied requires thoth:dgraph*");
  return files;
}
