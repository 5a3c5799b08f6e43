/** The SSO applications of an environment: what must be registered, and what the server says about it. */
import type { DialsSettings } from "../../../components/dials/config.ts";

/** One item of the checklist. */
export interface Check {
  readonly what: string;
  /** `by hand` where only a person can check. */
  readonly state: "ok" | "wrong" | "by hand";
  readonly detail: string;
}

/** What must be registered; the identifiers' rules were checked with the settings. */
export function checklist(settings: DialsSettings): readonly Check[] {
  const { sso, frontendBuild, frontendHost, apiHost, workspaces, defaultWorkspace } = settings;
  const byHand = (what: string, detail: string): Check => ({ what, state: "by hand", detail });
  const common = "category Official, administrators cms-dqm-coreteam, OpenID Connect";
  return [
    byHand(
      `application ${frontendBuild.publicClient}`,
      `${common}; redirect and base URL https://${frontendHost}/; cannot store a secret safely`,
    ),
    byHand(
      `application ${sso.confidentialClient}`,
      `${common}; redirect and base URL https://${apiHost}/api/v1/swagger`,
    ),
    ...sso.apiClients.map((client) =>
      byHand(
        `application ${client}`,
        `${common}; gets tokens with its own id and secret; its role is forced on all users`,
      ),
    ),
    byHand(
      `application ${sso.omsClient}`,
      "gets tokens with its own id and secret; may ask for the audiences cmsoms-prod and webframeworks-paas-cmsrunregistry",
    ),
    byHand("token exchange", `${sso.confidentialClient} grants it to ${frontendBuild.publicClient}`),
    ...workspaces.map(({ name, role }) =>
      byHand(
        `role ${role}`,
        `on ${sso.confidentialClient}, linked to its e-group: opens ${name}${name === defaultWorkspace ? " (the default)" : ""}`,
      ),
    ),
    // frontend/src/views/components/navbar.jsx:35 of DIALS 1.12.
    byHand("role cms-dqm-hardcore", `on ${frontendBuild.publicClient}: shows its owners the menu Overview`),
  ];
}

/** Asks the SSO server itself. A login page means that it knows the application and the redirect. */
export async function askServer(settings: DialsSettings): Promise<readonly Check[]> {
  const { sso, frontendBuild, frontendHost, apiHost } = settings;
  const discovery = `${sso.server}realms/${sso.realm}/.well-known/openid-configuration`;
  let endpoint: string;
  try {
    const answer = await fetch(discovery, { signal: AbortSignal.timeout(15_000) });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    endpoint = ((await answer.json()) as { authorization_endpoint: string }).authorization_endpoint;
  } catch (error) {
    return [{ what: "SSO server", state: "wrong", detail: `${discovery}: ${reason(error)}` }];
  }
  const known = async (client: string, redirect: string): Promise<Check> => {
    const query = new URLSearchParams({
      client_id: client,
      redirect_uri: redirect,
      response_type: "code",
      scope: "openid",
    });
    const answer = await fetch(`${endpoint}?${query.toString()}`, {
      redirect: "manual",
      signal: AbortSignal.timeout(15_000),
    });
    const refused = /Client not found|Invalid parameter: redirect_uri|client_not_found|Client disabled/i.exec(
      await answer.text(),
    )?.[0];
    return answer.status < 400
      ? { what: `login to ${client}`, state: "ok", detail: `returns to ${redirect}` }
      : { what: `login to ${client}`, state: "wrong", detail: `${redirect}: ${refused ?? `HTTP ${answer.status}`}` };
  };
  return [
    { what: "SSO server", state: "ok", detail: discovery },
    await known(frontendBuild.publicClient, `https://${frontendHost}/`),
    // The application logs in from any page of its own.
    await known(frontendBuild.publicClient, `https://${frontendHost}/?ws=${settings.defaultWorkspace}`),
    await known(sso.confidentialClient, `https://${apiHost}/api/v1/swagger`),
  ];
}

/** Asks the server for a token of each API client, as the backend does for each request. */
export async function askClients(
  { sso }: DialsSettings,
  clients: Readonly<Record<string, string>>,
): Promise<readonly Check[]> {
  const url = `${sso.server}realms/${sso.realm}/api-access/token`;
  return Promise.all(
    Object.entries(clients).map(async ([client, secret]): Promise<Check> => {
      const body = new URLSearchParams({
        grant_type: "client_credentials",
        client_id: client,
        client_secret: secret,
        // Its own; only for OMS and the run registry another audience is requested.
        audience: client,
      });
      try {
        const answer = await fetch(url, { method: "POST", body, signal: AbortSignal.timeout(15_000) });
        return {
          what: `token of ${client}`,
          state: answer.ok ? "ok" : "wrong",
          detail: answer.ok ? "given" : `HTTP ${answer.status}: is its secret right?`,
        };
      } catch (error) {
        return { what: `token of ${client}`, state: "wrong", detail: reason(error) };
      }
    }),
  );
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
