/** GitHub as far as a token's owner and scopes are asked of it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A stand-in on a port of its own, for which every token is the robot's. */
export interface Github {
  readonly url: string;
  /** Scopes of the token. */
  scopes: string;
  close(): void;
}

export async function startGithub(): Promise<Github> {
  const github = { scopes: "read:user" };
  const server = createServer((request, response) => {
    request.resume();
    const known = request.method === "GET" && request.url === "/user";
    response.writeHead(known ? 200 : 404, { "content-type": "application/json", "x-oauth-scopes": github.scopes });
    response.end(JSON.stringify(known ? { login: "lab-bot", email: "lab-bot@example.org" } : {}));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return Object.assign(github, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
}
