/** Checks of secrets' texts. A check says what would be right and never repeats the text. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { isMap, parseDocument } from "yaml";
import type { SecretFormat } from "./define.ts";

/** What is wrong with a text, or undefined. */
type Check = (text: string) => string | undefined;

const unless = (ok: boolean, problem: string): string | undefined => (ok ? undefined : problem);

/** Whether a parser takes the text. */
function parses(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

/** Fields that a JSON object lacks or that are no text. */
function missingFields(text: string, fields: readonly string[]): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const members = new Map<string, unknown>(Object.entries(value));
    return fields.filter((field) => typeof members.get(field) !== "string" || members.get(field) === "");
  } catch {
    return undefined;
  }
}

const checks: Readonly<Record<SecretFormat, Check>> = {
  text: () => undefined,
  token: (text) =>
    unless(/^[\x21-\x7e]+$/.test(text), "expected a token: printable characters without blanks or line breaks"),
  "ssh-private-key": (text) =>
    unless(
      isOpensshKey(text) || isPrivateKey(text),
      "expected an SSH private key without passphrase, whole with its BEGIN and END lines, as ssh-keygen writes it",
    ),
  "ssh-public-key": (text) =>
    unless(isPublicKeyLine(text.trim()), "expected one SSH public key on one line: type, base64 and comment"),
  "pem-private-key": (text) =>
    unless(isPrivateKey(text), "expected a PEM private key without passphrase, whole with its BEGIN and END lines"),
  "pem-certificate": (text) =>
    unless(
      certificates(text).length > 0 && certificates(text).every((one) => parses(() => new X509Certificate(one))),
      "expected one or more PEM certificates, whole with their BEGIN and END lines",
    ),
  json: (text) =>
    unless(
      parses(() => JSON.parse(text) as unknown),
      "expected a JSON document",
    ),
  "google-service-account": checkServiceAccount,
  url: (text) => unless(URL.canParse(text), "expected a URL with its scheme, e.g. https://host/path"),
  htpasswd: (text) =>
    unless(
      text
        .split("\n")
        .every((line) => line === "" || /^[^:\s]+:(\$2[aby]\$|\$apr1\$|\$5\$|\$6\$|\{SHA\})\S+$/.test(line)),
      "expected htpasswd lines, user:hash each, as htpasswd -B writes them",
    ),
  kubeconfig: checkKubeconfig,
  base64: (text) => unless(isBase64(text.replaceAll(/\s+/g, "")), "expected base64, as `base64 FILE` writes it"),
};

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);

/** What is wrong with a secret's text, or undefined when nothing is. */
export function checkFormat(format: SecretFormat, text: string): string | undefined {
  if (text.trim() === "") return "is empty";
  if (text.includes("\0")) return "expected text; it holds a NUL byte";
  return checks[format](text);
}

function isPrivateKey(text: string): boolean {
  return parses(() => createPrivateKey(text));
}

/** OpenSSH's own container, unencrypted; node cannot read it, so its magic, cipher and key count are looked at. */
function isOpensshKey(text: string): boolean {
  const match = /^-----BEGIN OPENSSH PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----\s*$/.exec(
    text,
  );
  const bytes = Buffer.from(match?.[1] ?? "", "base64");
  return bytes.subarray(0, 23).equals(Buffer.from("openssh-key-v1\0\0\0\0\x04none")) && bytes.length > 100;
}

function isPublicKeyLine(line: string): boolean {
  // Buffer ignores what is no base64, and a guest's scripts handle the line.
  const [, type, body] = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})( [^\p{Cc}]*)?$/u.exec(line) ?? [];
  if (type === undefined || body === undefined) return false;
  const bytes = Buffer.from(body, "base64");
  return (
    bytes.length > 32 && bytes.subarray(4, 4 + type.length).toString() === type && bytes.readUInt32BE(0) === type.length
  );
}

function certificates(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

function checkServiceAccount(text: string): string | undefined {
  const lacking = missingFields(text, ["type", "project_id", "private_key", "client_email", "token_uri"]);
  if (lacking === undefined) return "expected the JSON key file of a Google service account";
  return unless(
    lacking.length === 0,
    `expected the JSON key file of a Google service account; it lacks ${lacking.join(", ")}`,
  );
}

function checkKubeconfig(text: string): string | undefined {
  // Unlike yaml's parse this prints no warnings, which would quote the secret.
  const document = parseDocument(text);
  const fields = ["clusters", "users", "contexts", "current-context"];
  const lacking = fields.filter(
    (field) => document.errors.length > 0 || !isMap(document.contents) || !document.has(field),
  );
  return unless(lacking.length === 0, `expected a kubeconfig; it lacks ${lacking.join(", ")}`);
}
