import { createPrivateKey, X509Certificate } from "node:crypto";

const day = 24 * 60 * 60 * 1000;

/** When a certificate ends, and how many whole days are left; negative once it has ended. */
export function validity(pem: string, now: Date): { readonly until: Date; readonly daysLeft: number } {
  const until = new X509Certificate(pem).validToDate;
  return { until, daysLeft: Math.floor((until.getTime() - now.getTime()) / day) };
}

/** What is wrong with a certificate's dates: with an expired one indexing stops without an error anybody sees. */
export function expiryProblem(pem: string, now: Date): string | undefined {
  const { until, daysLeft } = validity(pem, now);
  if (daysLeft >= 0) return undefined;
  return `the certificate expired on ${until.toISOString().slice(0, 10)}; renew it at ca.cern.ch and set both gridCertificate and gridKey`;
}

/** What is wrong with a key: it must be the certificate's. Missing or malformed certificates are reported separately. */
export function keyProblem(keyPem: string, certificatePem: string | undefined): string | undefined {
  try {
    const certificate = new X509Certificate(certificatePem ?? "");
    if (certificate.checkPrivateKey(createPrivateKey(keyPem))) return undefined;
  } catch {
    return undefined;
  }
  return "it is not the key of gridCertificate; set both from the same robot certificate";
}
