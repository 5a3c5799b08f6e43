/** Whether an address answers: by HTTP/1, or else by HTTP/2 as gRPC's servers do. */
import { request as httpRequest } from "node:http";
import { connect, type ClientSessionOptions, type SecureClientSessionOptions } from "node:http2";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { TLSSocket } from "node:tls";

/** Seconds that a host may take. */
const limit = 6;

/** What a host said. */
export interface Answer {
  readonly status: number;
  readonly milliseconds: number;
  /** @default HTTP/1 */
  readonly protocol?: "gRPC";
  /** End of its certificate, with TLS. */
  readonly until?: Date;
  /** Why its certificate is not trusted. */
  readonly distrust?: string;
}

/** A host took part in TLS and hung up when it heard HTTP/1. */
class HungUpError extends Error {}

/** Asks for a page, without following redirects. @param lookup - finds the host. @throws if there is no answer */
export async function visit(url: string, signal: AbortSignal, lookup?: LookupFunction): Promise<Answer> {
  try {
    return await visitByHttp1(url, signal, lookup);
  } catch (error) {
    if (!(error instanceof HungUpError)) throw error;
    return visitByGrpc(url, signal, lookup).catch(() => {
      throw error;
    });
  }
}

function visitByHttp1(url: string, signal: AbortSignal, lookup?: LookupFunction): Promise<Answer> {
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
    let secured = false;
    request.on("socket", (socket) => socket.once("secureConnect", () => (secured = true)));
    request.on("error", (error: NodeJS.ErrnoException) => {
      const hungUp = secured && ["ECONNRESET", "HPE_INVALID_CONSTANT"].includes(error.code ?? "");
      reject(hungUp ? new HungUpError("it shows its certificate and hangs up", { cause: error }) : error);
    });
    request.end();
  });
}

/** Calls a method that no service has: a server of gRPC answers with a status of HTTP, and says in its own that there is none. */
function visitByGrpc(url: string, signal: AbortSignal, lookup?: LookupFunction): Promise<Answer> {
  const begin = performance.now();
  // The lookup reaches the socket, but is in no type of HTTP/2.
  const options: ClientSessionOptions & SecureClientSessionOptions & { lookup?: LookupFunction } = {
    rejectUnauthorized: false,
    ...(lookup === undefined ? {} : { lookup }),
  };
  return new Promise((resolve, reject) => {
    let trust: Pick<Answer, "until" | "distrust"> = {};
    const session = connect(url, options, (_, socket) => {
      if (socket instanceof TLSSocket) trust = trustOf(socket);
    });
    const end = (error: Error): void => {
      session.destroy();
      reject(error);
    };
    const request = session.request({
      ":method": "POST",
      ":path": "/orrery.Status/None",
      ...{ "content-type": "application/grpc", te: "trailers", "user-agent": "orrery-status" },
    });
    request.on("response", ({ ":status": status = 0 }) => {
      const milliseconds = Math.round(performance.now() - begin);
      resolve({ status, milliseconds, protocol: "gRPC", ...trust });
      session.destroy();
    });
    for (const one of [session, request]) one.on("error", end);
    // A server that hangs up is no error of a session.
    session.on("close", () => {
      reject(new Error("it hangs up"));
    });
    session.setTimeout(limit * 1000, () => {
      end(new Error(`no answer within ${limit} s`));
    });
    const stop = (): void => {
      session.destroy();
    };
    signal.addEventListener("abort", stop, { once: true });
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
