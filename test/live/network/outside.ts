/**
 * The world outside a cluster, in the network namespace that this runs in.
 * `listen ADDRESS PORT...` accepts connections until it is ended, and prints a line once it does; at `PORT/udp` it sends datagrams back.
 * `call ADDRESS HOST:PORT...` connects from an address, to all at once, and prints those that answer within four seconds.
 */
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";

const [mode, address = "", ...rest] = process.argv.slice(2);

const listening = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on("error", () => undefined).end());
    server.once("error", reject).listen(port, address, resolve);
  });

const sendingBack = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.on("message", (text, { port: back, address: to }) => {
      socket.send(text, back, to);
    });
    socket.once("error", reject).bind(port, address, resolve);
  });

const answers = (target: string): Promise<boolean> =>
  new Promise((resolve) => {
    const at = target.lastIndexOf(":");
    const socket = connect({ host: target.slice(0, at), port: Number(target.slice(at + 1)), localAddress: address });
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket
      .setTimeout(4000, () => {
        end(false);
      })
      .once("connect", () => {
        end(true);
      })
      .once("error", () => {
        end(false);
      });
  });

if (mode === "listen") {
  await Promise.all(
    rest.map((asked) => {
      const [port, protocol] = asked.split("/");
      return protocol === "udp" ? sendingBack(Number(port)) : listening(Number(port));
    }),
  );
  console.log("listening");
} else {
  const open = await Promise.all(rest.map(answers));
  console.log(rest.filter((_, at) => open[at]).join("\n"));
}
