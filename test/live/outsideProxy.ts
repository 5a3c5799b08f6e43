/** A proxy for HTTPS by which a command of this machine reaches the lab's hosts by their names. */
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";

/** Runs `use` with the proxy's URL. @param address - of the lab's router, where every host leads */
export async function withOutsideProxy<T>(address: string, use: (proxy: string) => Promise<T>): Promise<T> {
  const server = createServer();
  server.on("connect", (_request, client, head) => {
    const upstream = connect(443, address, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    const end = (): void => {
      upstream.destroy();
      client.destroy();
    };
    upstream.on("error", end);
    client.on("error", end);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
