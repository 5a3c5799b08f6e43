/** Secrets as Zuul keeps them in a job's repository: encrypted with the project's public key. */
import { constants, createPublicKey, type KeyObject, publicEncrypt } from "node:crypto";

/** Where Packit's project is. Source: playbooks/zuul-secrets.yml */
export const project = {
  url: "https://softwarefactory-project.io/zuul/",
  tenant: "local",
  name: "packit-service/packit-service",
} as const;

/** Name of each Zuul secret and the file that it is made of; a binary file goes in as base64. */
export const secrets = {
  copr: "copr",
  fullchain: "fullchain.pem",
  id_rsa: "id_rsa",
  id_rsa_pub: "id_rsa.pub",
  packit_service: "packit-service.yaml",
  private_key: "private-key.pem",
  privkey: "privkey.pem",
  ssh_config: "ssh_config",
  fedora_keytab: "fedora.keytab",
} as const;

/** Bytes that OAEP with SHA-1 takes from each block. */
const overhead = 42;

/** Reads a project's key. @throws if it is no RSA public key in PEM */
export function readPublicKey(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === "rsa") return key;
  } catch {
    // said below
  }
  throw new Error("Zuul's public key is malformed: expected an RSA key in PEM (-----BEGIN PUBLIC KEY-----)");
}

/** The blocks of a text under a key, base64 each: what `!encrypted/pkcs1-oaep` lists. */
export function encrypt(key: KeyObject, plain: Buffer): readonly string[] {
  const size = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8 - overhead;
  const count = Math.max(1, Math.ceil(plain.length / size));
  return Array.from({ length: count }, (_, index) =>
    publicEncrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" },
      plain.subarray(index * size, (index + 1) * size),
    ).toString("base64"),
  );
}

/** A secret of a Zuul configuration, as its `encrypt_secret.py` writes it. */
export function secretFile(name: string, blocks: readonly string[]): string {
  const wrapped = blocks.map((block) => {
    const [first = "", ...more] = block.match(/.{1,69}/g) ?? [];
    return [`        - ${first}`, ...more.map((line) => `          ${line}`)].join("\n");
  });
  return `- secret:\n    name: ${name}\n    data:\n      value: !encrypted/pkcs1-oaep\n${wrapped.join("\n")}\n`;
}

/** The public key of a project, from Zuul's API. @throws if Zuul does not give it */
export async function fetchPublicKey(url: string, tenant: string, name: string): Promise<string> {
  const at = new URL(`api/tenant/${tenant}/key/${name}.pub`, url.endsWith("/") ? url : `${url}/`);
  const answer = await fetch(at, { signal: AbortSignal.timeout(30_000) }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`Zuul at ${at.host} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
  if (!answer.ok) throw new Error(`Zuul at ${at.host} answered ${answer.status} for the key of ${tenant}'s ${name}`);
  return answer.text();
}
