/**
 * A stand-in for CERN's Keycloak: the three endpoints that `ops dials sso` asks, with Keycloak's own refusals. The real server
 * with its `api-access` endpoint is CERN's; what this does not prove is that their answers still look so.
 */
import { createServer, type IncomingMessage } from "node:http";
import { freePort } from "../port.ts";

/** What the server knows. */
export interface Registered {
  /** Identifier of an application -> the redirects that it may ask for. */
  readonly redirects: Readonly<Record<string, readonly string[]>>;
  /** Identifier of an API client -> its secret. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Audience that tokens may be asked for. */
  readonly audience: string;
}

/** A server that runs. */
export interface Keycloak {
  /** As the setting `sso.server` has it. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a server for one realm. */
export async function openKeycloak(realm: string, registered: Registered): Promise<Keycloak> {
  const base = `/auth/realms/${realm}`;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://sso");
    const end = (status: number, body: string): void => void response.writeHead(status).end(body);
    switch (pathname) {
      case `${base}/.well-known/openid-configuration`:
        end(200, JSON.stringify({ authorization_endpoint: `http://${request.headers.host ?? ""}${base}/auth` }));
        return;
      case `${base}/auth`: {
        const refusal = loginRefusal(registered, searchParams);
        end(refusal === undefined ? 200 : 400, refusal ?? "login");
        return;
      }
      case `${base}/api-access/token`:
        void bodyOf(request).then((body) => {
          const given = tokenIsGiven(registered, new URLSearchParams(body));
          end(given ? 200 : 401, JSON.stringify(given ? { access_token: "token" } : { error: "unauthorized_client" }));
        });
        return;
      default:
        end(404, "");
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}/auth/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function loginRefusal({ redirects }: Registered, asked: URLSearchParams): string | undefined {
  const allowed = redirects[asked.get("client_id") ?? ""];
  if (allowed === undefined) return "Client not found.";
  return allowed.includes(asked.get("redirect_uri") ?? "") ? undefined : "Invalid parameter: redirect_uri";
}

function tokenIsGiven({ secrets, audience }: Registered, form: URLSearchParams): boolean {
  const secret = secrets[form.get("client_id") ?? ""];
  return (
    form.get("grant_type") === "client_credentials" &&
    secret !== undefined &&
    form.get("client_secret") === secret &&
    form.get("audience") === audience
  );
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = "";
    request
      .on("data", (chunk: Buffer) => (body += chunk.toString()))
      .on("end", () => {
        resolve(body);
      })
      .on("error", reject);
  });
}
