/** Leads connections into and out of a network namespace, by sockets in a folder: those know no such namespaces. */
import { writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import path from "node:path";

/** A TCP port of an address, or a socket's path. */
type End = { readonly host: string; readonly port: number } | string;

const at = (end: End) => (typeof end === "string" ? { path: end } : end);

/** A port of this machine's own address. */
export const local = (port: number): End => ({ host: "127.0.0.1", port });

/** Leads every connection on; returns the server once it listens. */
export async function relay(from: End, to: End): Promise<Server> {
  const server = createServer((incoming) => {
    const outgoing = connect(at(to));
    incoming.pipe(outgoing).pipe(incoming);
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((done, fail) => {
    server.once("error", fail).listen(at(from), done);
  });
  return server;
}

/** Socket by which a port inside is reached from outside. */
export const inward = (folder: string, port: number): string => path.join(folder, `in-${port}.sock`);
/** Socket by which a port outside is reached from inside. */
export const outward = (folder: string, port: number): string => path.join(folder, `out-${port}.sock`);

/** File that shows that connections out of the namespace are forwarded. */
export const relaysAreUp = "relays";

/** A way out of the namespace: what is asked at the address inside is asked at the port outside. */
export interface WayOut {
  readonly host: string;
  readonly port: number;
  readonly outside: number;
}

// Inside the namespace: node relay.ts FOLDER PORTS-INSIDE WAYS-OUT
if (process.argv[1] === import.meta.filename) {
  const [, , folder = "", inside = "[]", ways = "[]"] = process.argv;
  for (const port of JSON.parse(inside) as number[]) await relay(inward(folder, port), local(port));
  for (const { host, port, outside } of JSON.parse(ways) as WayOut[])
    await relay({ host, port }, outward(folder, outside));
  writeFileSync(path.join(folder, relaysAreUp), "");
}
