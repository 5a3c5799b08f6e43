/** Serves the page and the newest reports on this machine only. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type PageData, statusPage } from "./render/page.ts";

/** Where the page is, and how it ends. */
export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** Names by which this machine calls itself: a page of another host must not read this one by a name that leads here. */
const own = new Set(["127.0.0.1", "localhost"]);

const headers = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};

/**
 * Serves `/` and `/status.json`, a list of reports.
 * @param port - 0 for any that is free
 * @param every - seconds between two looks, after which the page asks again
 * @throws if the port is taken
 */
export async function serve(port: number, every: number, newest: () => PageData): Promise<Served> {
  const server = createServer((request, response) => {
    respond(request, response, every, newest);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "EADDRINUSE" ? new Error(`port ${port} is taken; name another one: --serve PORT`) : error);
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => closed(server) };
}

function respond(request: IncomingMessage, response: ServerResponse, every: number, newest: () => PageData): void {
  const send = (status: number, type: string, body: string): void => {
    response.writeHead(status, { ...headers, "content-type": `${type}; charset=utf-8` });
    response.end(request.method === "HEAD" ? undefined : body);
  };
  const [host = ""] = (request.headers.host ?? "").split(":");
  if (!own.has(host)) send(403, "text/plain", "this page is for its own machine only\n");
  else if (request.method !== "GET" && request.method !== "HEAD") send(405, "text/plain", "this page is only read\n");
  else if (request.url === "/") send(200, "text/html", statusPage(newest(), every));
  else if (request.url === "/status.json") send(200, "application/json", JSON.stringify(newest().reports));
  else send(404, "text/plain", "there is / and /status.json\n");
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
