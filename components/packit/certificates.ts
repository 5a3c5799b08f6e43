import { createPrivateKey, X509Certificate } from "node:crypto";

/** What is wrong with a certificate for these hosts; unreadable ones are reported by the format check. */
export function certificateProblem(pem: string, hosts: readonly (string | undefined)[]): string | undefined {
  const certificate = read(() => new X509Certificate(pem));
  if (certificate === undefined) return undefined;
  const missing = hosts.filter((host) => host !== undefined && certificate.checkHost(host) === undefined);
  return missing.length === 0
    ? undefined
    : `it is not valid for ${missing.join(", ")}; a wildcard covers one label only`;
}

/** What is wrong with a key: it must be the certificate's. */
export function pairProblem(keyPem: string, certificatePem: string | undefined): string | undefined {
  const key = read(() => createPrivateKey(keyPem));
  if (key === undefined) return "it holds no private key without passphrase";
  const certificate = read(() => new X509Certificate(certificatePem ?? ""));
  if (certificate === undefined || certificate.checkPrivateKey(key)) return undefined;
  return "key and certificate do not belong together; set both from the same order";
}

function read<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
