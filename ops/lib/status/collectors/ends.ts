/** What ends: certificates, tokens, passwords. */
import { X509Certificate } from "node:crypto";
import type { Found, State } from "../row.ts";

/** Days before its end at which something is worth a warning, as in doctor. */
const warnDays = 30;

/** State and text of something that is valid until a date. */
export function endOf(what: string, until: Date, now: Date): Pick<Found, "state" | "text"> {
  const days = Math.floor((until.getTime() - now.getTime()) / 86_400_000);
  const date = until.toISOString().slice(0, 10);
  const state: State = days < 0 ? "bad" : days < warnDays ? "warn" : "ok";
  const text = days < 0 ? `${what} ended on ${date}` : `${what} is valid until ${date}, for ${days} days`;
  return { state, text };
}

/** End of the first certificate in a text of PEM; undefined if there is none. */
export function certificateEnd(text: string): Date | undefined {
  const [pem] = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(text) ?? [];
  if (pem === undefined) return undefined;
  try {
    return new Date(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}
