/** A fake cluster API with answers from the test. */
import { createServer as http, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as https, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

/** One received request. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Answer = (asked: Asked, response: ServerResponse, request: IncomingMessage) => void;

/** Serves until the work is done, with TLS if options are given. */
export async function serving<T>(
  answer: Answer,
  work: (port: number, asked: readonly Asked[]) => Promise<T>,
  tls?: ServerOptions,
): Promise<T> {
  const asked: Asked[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      // Some distributions' kubectl asks for it to choose the kubectl of that version.
      if (!url.includes("/version?")) asked.push(one);
      answer(one, response, request);
    });
  };
  const server: Server = tls === undefined ? http(listener) : https(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await work((server.address() as AddressInfo).port, asked);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
