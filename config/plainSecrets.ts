/** Secrets in clear in a stack file's text: what a commit must not hold. */
import { parseDocument } from "yaml";

/** What tokens and keys look like, whatever setting or comment they stand in. */
const shapes: Readonly<Record<string, RegExp>> = {
  "a private key": /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  "a token of GitHub": /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})/,
  "a token of GitLab": /\bglpat-[\w-]{20,}/,
  "a token of Slack": /\bxox[abprs]-[\w-]{10,}/,
  "an access key of AWS": /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  "a JSON Web Token": /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+/,
  "a password in a URL": /:\/\/[^\s/:@'"]+:[^\s/:@'"]+@/,
};

/**
 * What of a stack file is a secret that everybody could read, one line each, without the secret; empty if nothing is.
 * Every key but `<system>:settings` is a secret and holds `secure:` and nothing else.
 */
export function plainSecrets(text: string): readonly string[] {
  const document = parseDocument(text, { uniqueKeys: false });
  const [error] = document.errors;
  if (error !== undefined)
    return [`it is no YAML, so nobody knows what it holds: ${error.message.split("\n")[0] ?? ""}`];
  const { config } = (document.toJS() ?? {}) as { readonly config?: unknown };
  const entries = typeof config === "object" && config !== null ? Object.entries(config) : [];
  const plain = entries
    .filter(([key, value]) => !key.endsWith(":settings") && !key.startsWith("pulumi:") && !isEncrypted(value))
    .map(([key]) => `${key} is in clear; npx pulumi config set --secret ${key} encrypts it`);
  // Ciphertexts are Base64 and look like nothing.
  const lines = text.split("\n").map((line) => line.replace(/\bsecure: .*/, ""));
  const shaped = Object.entries(shapes).flatMap(([what, shape]) =>
    lines.flatMap((line, index) => (shape.test(line) ? [`line ${index + 1} holds ${what}`] : [])),
  );
  return [...plain, ...shaped];
}

function isEncrypted(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).join() === "secure";
}
