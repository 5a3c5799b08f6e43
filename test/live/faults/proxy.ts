/** A proxy in front of one HTTP API, which injects faults into the requests that a rule chooses and passes on everything else unchanged. */
import {
  Agent as HttpAgent,
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as http,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, createServer as createTlsServer, request as https } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * What is done to one request. `done`: the API gets it and does it, only its answer is lost; else it never hears of it.
 * A `status` comes after so many milliseconds, e.g. 504 for a gateway's timeout.
 */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly after?: number; readonly done: boolean }
  | { readonly kind: "reset"; readonly done: boolean }
  | { readonly kind: "truncated" }
  | { readonly kind: "slow"; readonly milliseconds: number }
  /** The API's own answer with another text, as from a cloud that misbehaves. */
  | { readonly kind: "rewritten"; readonly rewrite: (body: string) => string };

/** Says of each request, in the order in which they come, what is to be done to it. */
export type Inject = (method: string, path: string, headers: IncomingMessage["headers"]) => Fault | undefined;

/** A proxy that listens; the caller closes it. */
export interface Proxy {
  /** Its address without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Retry-After of a 429 or 503, in seconds. */
const retryAfter = 1;

/** Milliseconds after which a stream of events breaks off. */
const streamLife = 300;

/** What else a proxy may do. */
export interface ProxyOptions {
  /** Applied to the text of each answer without a fault, e.g. so that it names proxies instead of APIs. */
  readonly rewrite?: (body: string) => string;
  /** PEMs for clients that give their token to nobody without TLS, as Kubernetes' do. @default no TLS */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Opens a proxy on a free port of loopback, in front of an API whose certificate is not checked. */
export async function openProxy(upstream: string, inject: Inject, { rewrite, tls }: ProxyOptions = {}): Promise<Proxy> {
  const sockets = new Map<number, Socket>();
  const { protocol } = new URL(upstream);
  const options = { keepAlive: true, rejectUnauthorized: false };
  const agent = protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
  const ask = protocol === "https:" ? https : http;

  /** The API's answer, once its headers are there. */
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const address = new URL(incoming.url ?? "/", upstream);
      const sent = ask(address, { method: incoming.method, headers: incoming.headers, agent }, resolve);
      sent.on("error", reject);
      outgoing.on("close", () => sent.destroy()); // e.g. of a client that has watched enough
      sent.end(body);
    });

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await read(incoming);
    const fault = inject(incoming.method ?? "GET", incoming.url ?? "/", incoming.headers);
    if (fault?.kind === "slow") await sleep(fault.milliseconds);
    const lost = fault?.kind === "status" || fault?.kind === "reset";
    if (lost && !fault.done) return injectFault(outgoing, fault, reset);
    const answer = await forward(incoming, outgoing, body);
    if (lost) {
      await read(answer);
      return injectFault(outgoing, fault, reset);
    }
    const change = fault?.kind === "rewritten" ? fault.rewrite : rewrite;
    if (fault?.kind === "truncated") return truncated(answer, outgoing, isStream(incoming), reset);
    if (change === undefined || isStream(incoming)) {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      return;
    }
    const text = change((await read(answer)).toString());
    outgoing.writeHead(answer.statusCode ?? 502, sized(answer.headers, text));
    outgoing.end(text);
  };

  /** Only the socket under TLS can be reset. */
  const reset = ({ socket }: ServerResponse): void => {
    sockets.get(socket?.remotePort ?? 0)?.resetAndDestroy();
  };

  const handle = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    serve(incoming, outgoing).catch(() => outgoing.destroy()); // as the API itself broke off
  };
  const server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
  server.on("connection", (socket: Socket) => {
    const port = socket.remotePort ?? 0;
    if (!sockets.has(port)) sockets.set(port, socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(port));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Reset = (outgoing: ServerResponse) => void;

async function injectFault(outgoing: ServerResponse, fault: Fault, reset: Reset): Promise<void> {
  if (fault.kind !== "status") {
    reset(outgoing);
    return;
  }
  await sleep(fault.after ?? 0);
  const headers = [429, 503].includes(fault.status) ? { "retry-after": String(retryAfter) } : {};
  outgoing.writeHead(fault.status, { "content-type": "text/plain", ...headers });
  outgoing.end(`injected fault: ${fault.status}\n`);
}

/** Half of an answer that was announced in full; then the connection ends. */
async function truncated(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  stream: boolean,
  reset: Reset,
): Promise<void> {
  if (stream) {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
    await sleep(streamLife);
    outgoing.destroy();
    return;
  }
  const body = await read(answer);
  outgoing.writeHead(answer.statusCode ?? 502, sized(answer.headers, body));
  // Nothing is half of nothing: an answer without a body is lost whole.
  if (body.length === 0) reset(outgoing);
  else outgoing.write(body.subarray(0, body.length >> 1), () => outgoing.destroy());
}

/** Kubernetes' watches never end. */
const isStream = ({ url }: IncomingMessage): boolean => /[?&](watch|follow)=(1|true)\b/.test(url ?? "");

function sized(headers: IncomingMessage["headers"], body: string | Buffer): OutgoingHttpHeaders {
  const others = Object.entries(headers).filter(([name]) => name !== "transfer-encoding");
  return { ...Object.fromEntries(others), "content-length": Buffer.byteLength(body) };
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
