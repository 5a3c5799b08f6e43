/** Sample secrets and the passphrases under which the committed stack files keep them. */
import { createHash, createHmac, createPrivateKey, createPublicKey } from "node:crypto";
import type { SecretFormat } from "./define.ts";
import { selfSigned } from "./x509.ts";

/**
 * Passphrase of a committed stack file. It is published because the file holds nothing but samples and the lab's
 * passwords; change the passphrase before adding a real secret (docs/configuration.md).
 */
export function samplePassphrase(stack: string): string {
  return stack === "test" ? "orrery-lab" : `orrery-sample-${stack}`;
}

/** A secret's text of the right format; the same seed gives the same text, so that renders are reproducible. */
export function sample(format: SecretFormat, seed: string): string {
  return generators[format](seed);
}

const generators: Readonly<Record<SecretFormat, (seed: string) => string>> = {
  text: (seed) => `sample ${hex(seed, 24)}`,
  token: (seed) => `sample-${hex(seed, 32)}`,
  "ssh-private-key": opensshKey,
  "ssh-public-key": (seed) => publicKeyLine(seed),
  "pem-private-key": pemKey,
  "pem-certificate": (seed) => selfSigned(keySeed(seed), "sample.invalid"),
  json: (seed) => JSON.stringify({ sample: hex(seed, 24) }),
  "google-service-account": serviceAccount,
  url: (seed) => `https://${hex(seed, 24)}@sample.invalid/1`,
  htpasswd: (seed) => `sample:{SHA}${createHash("sha1").update(hex(seed, 24)).digest("base64")}`,
  base64: (seed) => Buffer.from(hex(seed, 48), "hex").toString("base64"),
  kubeconfig: (seed) => kubeconfig("https://sample.invalid:6443", `sample-${hex(seed, 32)}`),
};

/** A certificate for these hosts that belongs to `sample("pem-private-key", seed)`. */
export function sampleCertificate(seed: string, hosts: readonly (string | undefined)[]): string {
  const [first = "sample.invalid", ...others] = hosts.filter((host) => host !== undefined);
  return selfSigned(keySeed(seed), first, ...others);
}

/** Text of a kubeconfig with one cluster and a token; the server's certificate is not checked. */
export function kubeconfig(server: string, token: string): string {
  return `apiVersion: v1
kind: Config
clusters:
  - name: lab
    cluster:
      server: ${server}
      insecure-skip-tls-verify: true
users:
  - name: lab
    user:
      token: ${token}
contexts:
  - name: lab
    context:
      cluster: lab
      user: lab
current-context: lab
`;
}

function hex(seed: string, length: number): string {
  return createHash("sha256").update(`orrery sample ${seed}`).digest("hex").slice(0, length);
}

/** Private half of the seed's Ed25519 key. */
function keySeed(seed: string): Buffer {
  return createHmac("sha256", "orrery sample key").update(seed).digest();
}

function pemKey(seed: string): string {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), keySeed(seed)]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" })
    .export({ format: "pem", type: "pkcs8" })
    .toString();
}

/** Public half, 32 bytes. */
function publicKey(seed: string): Buffer {
  return createPublicKey(pemKey(seed)).export({ format: "der", type: "spki" }).subarray(-32);
}

/** Both halves of a seed's key, private and public, 32 bytes each. */
export function keyHalves(seed: string): readonly [Buffer, Buffer] {
  return [keySeed(seed), publicKey(seed)];
}

/** The first bytes of a {@link unusableKey}. */
export const unusableKeyMark = "nobody has its other half ";

/**
 * A line of authorized_keys without a private half, for committed stacks: the key's 32 bytes are a text.
 * @param name - up to 6 characters, so that two keys are not the same.
 */
export function unusableKey(name: string): string {
  const bytes = Buffer.from((unusableKeyMark + name).padEnd(32, ".").slice(0, 32));
  return `ssh-ed25519 ${wire("ssh-ed25519", bytes).toString("base64")} orrery-sample`;
}

/** SSH's wire format: each string after its length. */
function wire(...strings: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    strings.flatMap((one) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(one));
      return [length, Buffer.from(one)];
    }),
  );
}

/** The line of authorized_keys that belongs to `sample("ssh-private-key", seed)`. */
export function publicKeyLine(seed: string): string {
  return `ssh-ed25519 ${wire("ssh-ed25519", publicKey(seed)).toString("base64")} orrery-sample`;
}

/** OpenSSH's container for an unencrypted Ed25519 key (its PROTOCOL.key). */
function opensshKey(seed: string): string {
  const check = keySeed(`check ${seed}`).subarray(0, 4);
  const pair = wire("ssh-ed25519", publicKey(seed), Buffer.concat([keySeed(seed), publicKey(seed)]), "orrery-sample");
  const inner = Buffer.concat([check, check, pair]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, (8 - (inner.length % 8)) % 8);
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    wire("none", "none", ""),
    Buffer.from([0, 0, 0, 1]),
    wire(wire("ssh-ed25519", publicKey(seed)), Buffer.concat([inner, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function serviceAccount(seed: string): string {
  const email = `sample-${hex(seed, 8)}@sample-project.iam.gserviceaccount.com`;
  const account = {
    type: "service_account",
    project_id: "sample-project",
    private_key_id: hex(`${seed} id`, 40),
    private_key: pemKey(seed),
    client_email: email,
    client_id: BigInt(`0x${hex(`${seed} client`, 16)}`).toString(),
    auth_uri: "https://accounts.google.com/o/oauth2/auth",
    token_uri: "https://oauth2.googleapis.com/token",
    auth_provider_x509_cert_url: "https://www.googleapis.com/oauth2/v1/certs",
    client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(email)}`,
  };
  return `${JSON.stringify(account, undefined, 2)}\n`;
}

/**
 * Where a committed stack has a login of the lab. A lab's own password, of its users and its Kubernetes API, is random and
 * begins with it (lab/folder.ts).
 */
export const labLogin = "orrery-lab";
