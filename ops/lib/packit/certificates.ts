/** What is in a certificate file, and whether a key belongs to it. */
import { createPrivateKey, X509Certificate } from "node:crypto";

/** What a person wants to know about a certificate. */
export interface CertificateFacts {
  readonly serial: string;
  readonly subject: string;
  readonly issuer: string;
  /** DNS names that it is good for. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whole days until it ends; negative when it has ended. */
  readonly daysLeft: number;
  /** Certificates in the file, itself included. */
  readonly chain: number;
}

const oneLine = (name: string | undefined): string => (name ?? "").trim().split("\n").join(", ");

/** Facts of the first certificate of a PEM file, which is the server's own. @throws if there is none */
export function certificateFacts(pem: string, now: Date): CertificateFacts {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const certificate = parsed(found[0]);
  const notAfter = new Date(certificate.validTo);
  return {
    serial: certificate.serialNumber.toLowerCase(),
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: [...(certificate.subjectAltName ?? "").matchAll(/DNS:([^,\s]+)/g)].map(([, name]) => name ?? ""),
    notBefore: new Date(certificate.validFrom),
    notAfter,
    daysLeft: Math.floor((notAfter.getTime() - now.getTime()) / 86_400_000),
    chain: found.length,
  };
}

function parsed(pem: string | undefined): X509Certificate {
  try {
    if (pem !== undefined) return new X509Certificate(pem);
  } catch {
    // said below
  }
  throw new Error("that is no PEM certificate (-----BEGIN CERTIFICATE-----)");
}

/** @throws if certificate and key are not a pair, or a name that is served is not covered */
export function checkPair(fullchain: string, privkey: string, hosts: readonly string[]): void {
  const certificate = parsed(fullchain);
  let matches: boolean;
  try {
    matches = certificate.checkPrivateKey(createPrivateKey(privkey));
  } catch {
    throw new Error("the key is malformed: expected a PEM private key without passphrase");
  }
  if (!matches) throw new Error("the key is not this certificate's; take fullchain.pem and privkey.pem of one folder");
  const bare = hosts.filter((host) => certificate.checkHost(host) === undefined);
  if (bare.length > 0) {
    throw new Error(`the certificate does not cover ${bare.join(", ")}; a wildcard covers one label only`);
  }
}
