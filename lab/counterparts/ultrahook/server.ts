/**
 * The lab's counterpart of ultrahook.com. As there, POSTs to `http://<subdomain>.<account>.ultrahook.com` go to the client that has
 * connected for them; the sender gets 200 at once, whatever becomes of it. How the client's side talks is read from stored copies of the
 * gem's client.rb; how often the real server pings, if it does, nobody says.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { domain, type Stream, tunnelOf, Tunnels } from "./tunnels.ts";

const tunnels = new Tunnels(
  JSON.parse(readFileSync(process.env.ACCOUNTS ?? "/etc/ultrahook/accounts.json", "utf8")) as Record<string, string>,
);
/** Milliseconds between two pings. */
const pause = 10_000;
/** Headers of the way, which are not the sender's. */
const ofTheWay = /^(host|connection|content-length|transfer-encoding|keep-alive|x-forwarded-.*)$/;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** A client's stream until one of both ends it. */
function serveStream(response: ServerResponse, ticket: string): void {
  response.writeHead(200, { "content-type": "text/plain" });
  const stream: Stream = {
    send: (text) => void response.write(text),
    end: () => void response.end(),
  };
  const tunnel = tunnels.connect(ticket, stream);
  if (tunnel === undefined) return;
  console.log(`${tunnel}: connected`);
  response.on("close", () => {
    tunnels.disconnect(tunnel, stream);
    console.log(`${tunnel}: gone`);
  });
}

/** What clients ask of the service itself, and what the lab wants to know of it. */
async function serveService(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const asked = `${request.method ?? ""} ${url.pathname}`;
  if (asked === "POST /init") {
    const form = new URLSearchParams(await bodyOf(request));
    json(response, tunnels.introduce(form.get("key") ?? "", form.get("host") ?? ""));
  } else if (asked === "GET /stream") serveStream(response, url.searchParams.get("ticket") ?? "");
  else if (asked === "GET /lab/tunnels") json(response, tunnels.connected);
  else if (asked === "DELETE /lab/tunnels") json(response, tunnels.cut(url.searchParams.get("name") ?? ""));
  else json(response, { error: "Not Found" }, 404);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const host = request.headers.host ?? "";
  const url = new URL(request.url ?? "/", `http://${host === "" ? domain : host}`);
  const tunnel = tunnelOf(host);
  if (url.pathname === "/healthz") response.end("ok");
  else if (tunnel === undefined) await serveService(request, response, url);
  else if (request.method !== "POST") json(response, { error: "only POST is forwarded" }, 405);
  else {
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !ofTheWay.test(name)));
    const body = await bodyOf(request);
    const path = url.pathname === "/" ? "" : url.pathname;
    const taken = tunnels.forward(tunnel, { body, query: url.search.slice(1), path, headers });
    console.log(`${tunnel}: POST ${url.pathname}${taken ? "" : " is lost, as no client is connected"}`);
    response.end("ok");
  }
}

setInterval(() => {
  tunnels.ping();
}, pause);
createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    console.error(`${request.method ?? ""} ${request.url ?? ""}: ${String(error)}`);
    response.writeHead(500).end();
  });
}).listen(Number(process.env.PORT ?? 8080), () => {
  console.log(`counterpart of ${domain} in the lab; it is not ${domain}`);
});
