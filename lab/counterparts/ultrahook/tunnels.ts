/** The accounts of ultrahook.com, and the streams of the clients that are connected. */
import { randomUUID } from "node:crypto";

/** Messages to a client, which ignores other types. */
export interface Message {
  readonly type: "init" | "request" | "error" | "ping";
  readonly [field: string]: unknown;
}

/** The client's end of a stream. */
export interface Stream {
  send(text: string): void;
  end(): void;
}

/** Answer to a client that introduces itself. */
export type Introduced =
  | { readonly success: true; readonly url: string; readonly namespace: string }
  | { readonly success: false; readonly error: string };

/** Where clients and senders find the service. */
export const domain = "ultrahook.com";

/** A message as it goes over a stream: base64 in lines, and an empty line. */
export function encoded(message: Message): string {
  const lines =
    Buffer.from(JSON.stringify(message))
      .toString("base64")
      .match(/.{1,60}/g) ?? [];
  return `${lines.join("\n")}\n\n`;
}

/** Subdomain and account's name of a public host: `review-manager.aicoe.ultrahook.com`. */
export const tunnelOf = (host: string): string | undefined =>
  /^([a-z0-9-]+\.[a-z0-9-]+)\.ultrahook\.com$/.exec(host.toLowerCase().replace(/:\d+$/, ""))?.[1];

/** Tunnels by `subdomain.account`. One client a tunnel; what is sent while there is none is lost. */
export class Tunnels {
  /** Names of the accounts by their keys. */
  readonly #accounts: Readonly<Record<string, string>>;
  /** Tunnels by the tickets of clients that have introduced themselves. */
  readonly #tickets = new Map<string, string>();
  readonly #streams = new Map<string, Stream>();

  constructor(accounts: Readonly<Record<string, string>>) {
    this.#accounts = accounts;
  }

  introduce(key: string, subdomain: string): Introduced {
    const namespace = this.#accounts[key];
    if (namespace === undefined) return { success: false, error: "Invalid API key" };
    const ticket = randomUUID();
    this.#tickets.set(ticket, `${subdomain.toLowerCase()}.${namespace}`);
    return { success: true, url: `http://www.${domain}/stream?ticket=${ticket}`, namespace };
  }

  /** Connects a client; a second one of a tunnel is turned away. @returns the tunnel; undefined without a ticket or a free tunnel */
  connect(ticket: string, stream: Stream): string | undefined {
    const tunnel = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (tunnel === undefined || this.#streams.has(tunnel)) {
      const message = tunnel === undefined ? "Unknown client" : "Another client is connected to this subdomain";
      stream.send(encoded({ type: "error", message }));
      stream.end();
      return undefined;
    }
    this.#streams.set(tunnel, stream);
    stream.send(encoded({ type: "init" }));
    return tunnel;
  }

  /** The client has gone, if it is still this one. */
  disconnect(tunnel: string, stream: Stream): void {
    if (this.#streams.get(tunnel) === stream) this.#streams.delete(tunnel);
  }

  /** Ends a client's stream. @returns whether there was one */
  cut(tunnel: string): boolean {
    const stream = this.#streams.get(tunnel);
    this.#streams.delete(tunnel);
    stream?.end();
    return stream !== undefined;
  }

  /** Hands a request to the client. @returns whether there is one */
  forward(tunnel: string, request: Readonly<Record<"body" | "query" | "path", string>> & { headers: object }): boolean {
    const stream = this.#streams.get(tunnel);
    stream?.send(encoded({ type: "request", ...request }));
    return stream !== undefined;
  }

  /** Keeps what is between the two from ending streams that say nothing. */
  ping(): void {
    for (const stream of this.#streams.values()) stream.send(encoded({ type: "ping" }));
  }

  /** Tunnels that have a client. */
  get connected(): readonly string[] {
    return [...this.#streams.keys()].sort();
  }
}
