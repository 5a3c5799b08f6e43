/** Whether the hosts of Routes and Ingresses answer, and for how long their certificates are valid. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { TLSSocket } from "node:tls";
import { asList, asObject, asText } from "../../../../policy/manifest.ts";
import { type Collector, perCluster } from "../collector.ts";
import type { LiveObject } from "../clusterReader.ts";
import { type Found, messageOf } from "../row.ts";
import type { DeclaredObject, Situation } from "../situation.ts";
import { endOf } from "./ends.ts";
import { liveObjects } from "./objects.ts";

const kinds = new Set(["Route", "Ingress"]);

/** Seconds that a host may take. */
const limit = 6;

/** What a host said. */
export interface Answer {
  readonly status: number;
  readonly milliseconds: number;
  /** End of its certificate, with TLS. */
  readonly until?: Date;
  /** Why its certificate is not trusted. */
  readonly distrust?: string;
}

/** A host that takes part in TLS and then says nothing, as a program of another protocol than HTTP does, or one that wants a certificate. */
export class SilentHostError extends Error {
  readonly trust: Pick<Answer, "until" | "distrust">;

  constructor(trust: Pick<Answer, "until" | "distrust">) {
    super("it answers with its certificate, and then not in HTTP");
    this.trust = trust;
  }
}

/** Addresses of a live Route or Ingress. */
export function addressesOf({ kind, spec = {} }: Pick<LiveObject, "kind" | "spec">): readonly string[] {
  const url = (host: unknown, path: string, secure: boolean): readonly string[] =>
    asText(host) === "" ? [] : [`${secure ? "https" : "http"}://${asText(host)}${path === "" ? "/" : path}`];
  if (kind === "Route") return url(spec.host, asText(spec.path), spec.tls !== undefined);
  const secure = asList(spec.tls).length > 0;
  // A rule without a path is for all of them.
  return asList(spec.rules).flatMap(({ host, http }) =>
    url(host, asText(asList(asObject(http).paths)[0]?.path), secure),
  );
}

/** Asks for a page, without following redirects. @param lookup - finds the host. @throws if there is no answer, {@link SilentHostError} if it is TLS alone */
export function visit(url: string, signal: AbortSignal, lookup?: LookupFunction): Promise<Answer> {
  const begin = performance.now();
  const options = {
    timeout: limit * 1000,
    signal,
    rejectUnauthorized: false,
    headers: { "user-agent": "orrery-status" },
    ...(lookup === undefined ? {} : { lookup }),
  };
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? httpsRequest : httpRequest)(url, options, (response) => {
      const milliseconds = Math.round(performance.now() - begin);
      const { socket, statusCode: status = 0 } = response;
      resolve({ status, milliseconds, ...(socket instanceof TLSSocket ? trustOf(socket) : {}) });
      response.destroy();
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${limit} s`)));
    let trust: Pick<Answer, "until" | "distrust"> | undefined;
    request.on("socket", (socket) => {
      socket.once("secureConnect", () => (trust = socket instanceof TLSSocket ? trustOf(socket) : undefined));
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      const hungUp = ["ECONNRESET", "HPE_INVALID_CONSTANT"].includes(error.code ?? "");
      reject(hungUp && trust !== undefined ? new SilentHostError(trust) : error);
    });
    request.end();
  });
}

function trustOf(socket: TLSSocket): Pick<Answer, "until" | "distrust"> {
  const { valid_to: until } = socket.getPeerCertificate() as { readonly valid_to?: string };
  const problem: unknown = socket.authorizationError;
  return {
    ...(until === undefined ? {} : { until: new Date(until) }),
    ...(socket.authorized ? {} : { distrust: problem instanceof Error ? problem.message : String(problem) }),
  };
}

/** Row of an address that answered. Any status below 500 counts, so that a page behind a login is up. */
export function hostRow(system: string, url: string, answer: Answer, now: Date): Found {
  const text = `answers ${answer.status} in ${answer.milliseconds} ms`;
  if (answer.status >= 500) return { system, part: new URL(url).host, state: "bad", text };
  return certificateRow({ system, part: new URL(url).host }, text, answer, now);
}

function certificateRow(
  row: Pick<Found, "system" | "part">,
  text: string,
  { until, distrust }: Pick<Answer, "until" | "distrust">,
  now: Date,
): Found {
  const end = until === undefined ? undefined : endOf("its certificate", until, now);
  if (end !== undefined && end.state !== "ok") return { ...row, state: end.state, text: `${text}; ${end.text}` };
  if (distrust !== undefined)
    return { ...row, state: "warn", text: `${text}; its certificate is not trusted: ${distrust}` };
  return { ...row, state: "ok", text: end === undefined ? text : `${text}; ${end.text}` };
}

/** Row of an address, whether it answers or not. */
export async function askHost(system: string, url: string, { signal, now, lookup }: Situation): Promise<Found> {
  try {
    return hostRow(system, url, await visit(url, signal, lookup), now);
  } catch (error) {
    if (error instanceof SilentHostError)
      return certificateRow({ system, part: new URL(url).host }, error.message, error.trust, now);
    return { system, part: new URL(url).host, state: "bad", text: `does not answer: ${messageOf(error)}` };
  }
}

export const hosts: Collector = {
  name: "hosts",
  asks: "whether the hosts of Routes, Ingresses and hubs answer, and when their certificates end",
  questions: (situation) =>
    perCluster(
      situation,
      async ({ objects, reader }) => {
        const declared = objects.filter(isPublic);
        const live = await liveObjects(reader, declared);
        const urls = declared.flatMap(({ system, manifest: { kind, namespace, name } }) =>
          live
            .filter((one) => one.kind === kind && one.metadata.namespace === namespace && one.metadata.name === name)
            .flatMap(addressesOf)
            .map((url) => [url, system] as const),
        );
        return Promise.all([...new Map(urls)].map(([url, system]) => askHost(system, url, situation)));
      },
      ({ objects }) => objects.some(isPublic),
    ),
};

const isPublic = ({ manifest }: DeclaredObject): boolean => kinds.has(manifest.kind);
