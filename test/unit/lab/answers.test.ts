/** The server of Keystone, Placement and Octavia, Debian's own waitress, as a client meets it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { Agent, request } from "node:http";
import path from "node:path";
import { before, describe, it } from "mocha";
import { root } from "../../../lab/settings.ts";

/** Serves a page of five bytes; its port is what it prints first. */
const program = `
import socket, sys, threading, time, types
with socket.socket() as free:
    free.bind(('127.0.0.1', 0))
    port = free.getsockname()[1]
sys.modules['lab'] = types.SimpleNamespace(HOST='127.0.0.1', PORTS={'page': port})
import answers
def page(environ, start_response):
    start_response('200 OK', [('Content-Length', '5')])
    return [] if environ['REQUEST_METHOD'] == 'HEAD' else [b'hello']
def say():
    while True:
        try:
            return socket.create_connection(('127.0.0.1', port)).close() or print('port', port, flush=True)
        except OSError:
            time.sleep(0.02)
threading.Thread(target=say).start()
answers.serve(page, 'page', threads=1)
`;

describe("the lab's server of WSGI applications", function () {
  this.timeout(60_000);
  before(function () {
    if (!existsSync("/usr/lib/python3/dist-packages/waitress")) this.skip(); // `npm test` installs it
  });

  it("announces that it closes a connection after a HEAD, so that no client's next request is lost, and keeps it after a GET", async () => {
    const env = { PYTHONPATH: path.join(root, "lab/openstack/lib"), PYTHONDONTWRITEBYTECODE: "1" };
    const server = spawn("/usr/bin/python3", ["-W", "ignore", "-c", program], { env });
    try {
      const port = await new Promise<number>((resolve, reject) => {
        server.stdout.on("data", (text: Buffer) => {
          const [, port] = /^port (\d+)$/m.exec(text.toString()) ?? [];
          if (port !== undefined) resolve(Number(port));
        });
        server.once("exit", (code) => {
          reject(new Error(`the server ended with ${code}`));
        });
      });
      // fetch itself asks for the end of the connection at a HEAD.
      const said = (method: string): Promise<readonly (string | undefined)[]> =>
        new Promise((resolve, reject) => {
          const sent = request({ port, method, agent: new Agent({ keepAlive: true }) }, (answer) => {
            answer.resume();
            resolve([answer.headers.connection, answer.headers["content-length"]]);
          });
          sent.once("error", reject).end();
        });
      assert.deepEqual(await said("HEAD"), ["close", "5"]);
      assert.deepEqual(await said("GET"), [undefined, "5"]);
    } finally {
      server.kill();
    }
  });
});
