/** Takes out of a text what must not be public: logins in URLs, secrets of the job and of the stack, and what looks like a secret. */
import { secretVariable } from "../config/childEnvironment.ts";

/** Shorter texts are words that occur by themselves. */
const shortest = 6;

/** Secrets of a job, from its environment. */
export function jobSecrets(env: Readonly<NodeJS.ProcessEnv>): readonly string[] {
  return Object.entries(env).flatMap(([name, text]) =>
    text !== undefined && secretVariable.test(name) && !name.endsWith("_FILE") ? [text] : [],
  );
}

/** A text without these secrets, nor any of their lines. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const lines = secrets.flatMap((one) => [one, ...one.split("\n")]).map((one) => one.trim());
  const known = [...new Set(lines.filter((one) => one.length >= shortest))].sort((a, b) => b.length - a.length);
  return known.reduce((so, one) => so.replaceAll(one, "[redacted]"), text);
}

/**
 * A text that may be published.
 * @param secrets - texts that it must not hold, nor any of their lines
 */
export function redacted(text: string, secrets: readonly string[]): string {
  return (
    withoutSecrets(text, secrets)
      // The login and the query of an address; what is left says which service it is.
      .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@'"`]*@/gi, "$1")
      .replace(/\b([a-z][a-z0-9+.-]*:\/\/[^\s?'"`]*)\?[^\s'"`]*/gi, "$1?[redacted]")
      .replace(
        /\b(bearer\s+|basic\s+|(?:token|password|passphrase|secret|api_?key)["']?\s*[:=]\s*["']?)[^\s"',;]+/gi,
        "$1[redacted]",
      ) // prettier-ignore
      // Tokens of services, base64 and hex: long, of one piece, with digits; URNs and paths have separators.
      .replace(/(?<![\w/])(?=[\w+=-]*\d)(?=[\w+=-]*[a-z])[\w+=-]{24,}/gi, "[redacted]")
  );
}
