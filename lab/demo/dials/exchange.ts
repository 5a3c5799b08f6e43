/** What an administrator of the sign-on does by hand in its console: an application's token may be exchanged for another's. */
import type { LabSettings } from "../../settings.ts";
import { ask } from "../outside.ts";
import type { SignOn } from "./keycloak.ts";
import type { DialsSettings } from "../../../components/dials/config.ts";

interface Client {
  readonly id: string;
  readonly clientId: string;
}

/** Keycloak's administration of a realm. */
class Administration {
  readonly #lab: LabSettings;
  readonly #settings: DialsSettings;
  readonly #token: string;

  private constructor(lab: LabSettings, settings: DialsSettings, token: string) {
    this.#lab = lab;
    this.#settings = settings;
    this.#token = token;
  }

  static async signedOn(lab: LabSettings, settings: DialsSettings, password: string): Promise<Administration> {
    const form = new URLSearchParams({ grant_type: "password", client_id: "admin-cli", username: "admin", password });
    const { access_token } = (await token(lab, settings, "master", form)).body as { access_token: string };
    return new Administration(lab, settings, access_token);
  }

  /** @throws with Keycloak's answer if it refuses */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { server, realm } = this.#settings.sso;
    const answer = await ask(this.#lab, `${server}admin/realms/${realm}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(`Keycloak answers ${answer.status} to ${method} ${path}: ${answer.body.slice(0, 300)}`);
    }
    return (answer.body === "" ? undefined : JSON.parse(answer.body)) as T;
  }
}

/** Asks a realm's token endpoint. */
async function token(
  lab: LabSettings,
  { sso }: DialsSettings,
  realm: string,
  form: URLSearchParams,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const url = `${sso.server}realms/${realm}/protocol/openid-connect/token`;
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const { status, body } = await ask(lab, url, { method: "POST", headers, body: form.toString() });
  if (status === 0 || status >= 500) throw new Error(`${url} answers ${status}: ${body.slice(0, 300)}`);
  return { status, body: JSON.parse(body) };
}

/** The confidential application lets the public one exchange tokens for its own. Called again it changes nothing. */
export async function allowExchange(lab: LabSettings, settings: DialsSettings, { admin }: SignOn): Promise<void> {
  const keycloak = await Administration.signedOn(lab, settings, admin);
  const clients = await keycloak.call<readonly Client[]>("GET", "/clients");
  const idOf = (name: string): string => clients.find(({ clientId }) => clientId === name)?.id ?? "";
  const [owner, asker] = [idOf(settings.sso.confidentialClient), idOf(settings.frontendBuild.publicClient)];
  const permissions = `/clients/${owner}/management/permissions`;
  const { scopePermissions } = await keycloak.call<{
    readonly scopePermissions: Readonly<Record<"token-exchange", string>>;
  }>("PUT", permissions, { enabled: true });
  // The realm's own client holds who may do what with the others.
  const rules = `/clients/${idOf("realm-management")}/authz/resource-server`;
  const name = `tokens of ${settings.frontendBuild.publicClient}`;
  const query = new URLSearchParams({ name }).toString();
  const [found] = await keycloak.call<readonly { readonly id: string }[]>("GET", `${rules}/policy?${query}`);
  const made = { name, clients: [asker] };
  const policy = found ?? (await keycloak.call<{ readonly id: string }>("POST", `${rules}/policy/client`, made));
  const permission = `${rules}/permission/scope/${scopePermissions["token-exchange"]}`;
  const present = await keycloak.call<object>("GET", permission);
  await keycloak.call("PUT", permission, { ...present, policies: [policy.id] });
}
