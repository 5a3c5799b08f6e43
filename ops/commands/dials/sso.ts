/** `orrery dials sso`. */
import { dialsSchema, type DialsSettings } from "../../../components/dials/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { askClients, askServer, checklist } from "../../lib/dials/ssoChecks.ts";
import { jsonOption } from "../../lib/options.ts";
import { Kubectl, kubectlOptions, type KubectlValues } from "../../lib/kube/kubectl.ts";
import { openStack, stackOptions } from "../../lib/stack.ts";

export const command = defineCommand({
  about: `Prints the checklist of SSO applications with this environment's values. It lists what must be registered in
application-portal.web.cern.ch, once per environment. The settings already guarantee that the identifiers match. Exit code 1 if a check
fails.`,
  options: {
    ...stackOptions,
    ...kubectlOptions,
    online: { type: "boolean", help: "ask the SSO server whether it knows the applications and their redirects" },
    clients: { type: "boolean", help: "request a token for every API client, with the secrets of the cluster" },
    ...jsonOption,
  },
  async run(values) {
    const { settings } = openStack(dialsSchema, values);
    const checks = [...checklist(settings)];
    if (values.online) checks.push(...(await askServer(settings)));
    if (values.clients) checks.push(...(await askClients(settings, await clientSecrets(settings, values))));
    if (values.json) console.log(JSON.stringify(checks, undefined, 2));
    else for (const { state, what, detail } of checks) console.log(`${state.padEnd(8)} ${what}: ${detail}`);
    return checks.some(({ state }) => state === "wrong") ? 1 : 0;
  },
});

/** API client and OMS client -> secret, as the backend has them. */
async function clientSecrets(settings: DialsSettings, values: KubectlValues): Promise<Record<string, string>> {
  const { data = {} } = await new Kubectl(settings.namespace.name, values).get<{ data?: Record<string, string> }>(
    "secret",
    "dials-backend-secrets",
  );
  const read = (key: string): string => Buffer.from(data[key] ?? "", "base64").toString();
  const clients = JSON.parse(read("DJANGO_KEYCLOAK_API_CLIENTS") || "{}") as Record<string, string>;
  return Object.fromEntries(Object.entries(clients).map(([secret, client]) => [client, secret]));
}
