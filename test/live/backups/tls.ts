/** HTTPS in front of the lab's S3: over plain HTTP restic signs each chunk of an upload, which this version of Swift does not know. */
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:tls";
import { sample, sampleCertificate } from "../../../config/samples.ts";

/** Name of a front for machines, which know no `localhost` but their own. */
export const frontName = "s3.lab.test";

/** A server for `localhost` and {@link frontName} that passes everything on. */
export interface TlsFront {
  readonly port: number;
  /** Its own authority, PEM. */
  readonly certificate: string;
  close(): void;
}

/** Starts a front of a port of this machine. @param port - where it listens. @default any */
export async function tlsFront(target: number, port = 0): Promise<TlsFront> {
  const seed = "backups";
  const certificate = sampleCertificate(seed, ["localhost", frontName]);
  const server: Server = createServer({ cert: certificate, key: sample("pem-private-key", seed) }, (client) => {
    const behind = connect(target, "127.0.0.1");
    client.pipe(behind).pipe(client);
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const)
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, "localhost", resolve));
  return { port: (server.address() as AddressInfo).port, certificate, close: () => void server.close() };
}
