/** Asks Prow what people and GitHub ask it. Every test can fail. */
import { createHmac, randomUUID } from "node:crypto";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isMap, isScalar, parseDocument } from "yaml";
import type { Finding } from "../kube/checks.ts";

/** Where Prow is asked; what is left out is not asked. */
export interface Addresses {
  /** Deck's, e.g. https://prow.example. */
  readonly deck?: string | undefined;
  /** The webhook's with its path. */
  readonly hook?: string | undefined;
  /** gcsweb's with its path. */
  readonly gcsweb?: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One request; certificates are not checked, as test environments have none that anybody trusts. */
function ask(url: string, method: string, headers: Readonly<Record<string, string>> = {}, body = ""): Promise<Answer> {
  const options = { method, headers, timeout: 30_000, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? httpsRequest : httpRequest)(url, options, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: text });
      });
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 30 s")));
    request.on("error", reject);
    request.end(body);
  });
}

/** What is wrong with an answer, or undefined. */
type AnswerCheck = (answer: Answer) => string | undefined;

const expects =
  (status: number, ...texts: string[]): AnswerCheck =>
  ({ status: is, body }) => {
    if (is !== status) return `answers ${is}, not ${status}: ${body.trim().slice(0, 120)}`;
    const missing = texts.filter((one) => !body.includes(one));
    return missing.length === 0 ? undefined : `its page lacks ${missing.map((one) => `"${one}"`).join(" and ")}`;
  };

/** The token that webhooks are signed with: the newest one for everybody, where there is a map of them. */
export function hmacToken(secret: string): string {
  const { contents } = parseDocument(secret);
  if (isScalar(contents) || !isMap(contents)) return secret.trim();
  const map = contents.toJSON() as Readonly<Record<string, readonly { value: string; created_at: string }[]>>;
  const entries = map["*"] ?? Object.values(map)[0] ?? [];
  return entries.toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at))[0]?.value ?? "";
}

/** Headers with which GitHub delivers an event. */
export function delivery(event: string, payload: string, hmac: string): Readonly<Record<string, string>> {
  return {
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/orrery",
    "x-github-event": event,
    "x-github-delivery": randomUUID(),
    // GitHub sends both: Prow of before 2025 reads the first, Prow of today the second.
    "x-hub-signature": `sha1=${createHmac("sha1", hmac).update(payload).digest("hex")}`,
    "x-hub-signature-256": `sha256=${createHmac("sha256", hmac).update(payload).digest("hex")}`,
  };
}

/** Asks everything that has an address. */
export async function smokeTests({ deck, hook, gcsweb }: Addresses, hmac: string): Promise<readonly Finding[]> {
  const ping = (token: string) => ask(hook ?? "", "POST", delivery("ping", "{}", token), "{}");
  const style = gcsweb === undefined ? "" : new URL("/styles/style.css", gcsweb).href;
  const tests: readonly [
    address: string | undefined,
    object: string,
    get: () => Promise<Answer>,
    check: AnswerCheck,
  ][] = [
    // Its pages ask for this at the root of its host, whatever path it is published at.
    [gcsweb, style, () => ask(style, "GET"), expects(200)],
    [gcsweb, `${gcsweb ?? ""}/healthz`, () => ask(`${gcsweb ?? ""}/healthz`, "GET"), expects(200, "ok")],
    [deck, `${deck ?? ""}/`, () => ask(`${deck ?? ""}/`, "GET"), expects(200, "DOCTYPE html", "Prow Status")],
    [deck, `${deck ?? ""}/prowjobs.js`, () => ask(`${deck ?? ""}/prowjobs.js`, "GET"), expects(200, '"items"')],
    [hook, `${hook ?? ""} with a ping`, () => ping(hmac), expects(200)],
    // A route that rewrites the path answers 200 to everything: hook does so on /.
    [hook, `${hook ?? ""} with a wrong signature`, () => ping(`${hmac}?`), expects(403)],
    [hook, `${hook ?? ""} without POST`, () => ask(hook ?? "", "GET"), expects(405)],
  ];
  return Promise.all(
    tests
      .filter(([address]) => address !== undefined)
      .map(async ([, object, get, check]): Promise<Finding> => {
        const detail = await get().then(check, (error: unknown) => `does not answer: ${reason(error)}`);
        return { check: "answer", object, ok: detail === undefined, ...(detail === undefined ? {} : { detail }) };
      }),
  );
}

/** A host with several addresses fails with a list of errors and no message of its own. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return reason(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
