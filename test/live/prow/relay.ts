/** Leads connections into and out of a network namespace, by sockets in a folder: those know no such namespaces. */
import { writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import path from "node:path";

/** A TCP port of 127.0.0.1, or a socket's path. */
type End = number | string;

const at = (end: End) => (typeof end === "number" ? { host: "127.0.0.1", port: end } : { path: end });

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

/** File that tells that connections out of the namespace are led on. */
export const relaysAreUp = "relays";

// Inside the namespace: node relay.ts FOLDER PORTS-INSIDE PORTS-OUTSIDE
if (process.argv[1] === import.meta.filename) {
  const [, , folder = "", inside = "", outside = ""] = process.argv;
  for (const port of inside.split(",").map(Number)) await relay(inward(folder, port), port);
  for (const port of outside.split(",").map(Number)) await relay(port, outward(folder, port));
  writeFileSync(path.join(folder, relaysAreUp), "");
}
