/** The sign-on of DIALS in a lab: Keycloak with the applications, roles and people of a stack, registered as its operator does. */
import { randomBytes } from "node:crypto";
import type { DialsSettings } from "../../../components/dials/config.ts";
import { keycloak, keycloakImage } from "../../images/signOn.ts";
import { kubeApi, type KubeObject } from "../../kubernetes/api.ts";
import { waitUntilReady } from "../../process.ts";
import type { Run } from "../../pulumi.ts";
import { ask } from "../outside.ts";
import { offerRecipes } from "../server.ts";

const namespace = "lab-sso";
const name = "keycloak";
/** Seconds on a busy machine; an idle one takes 40. */
const startTimeout = 600;

/** Who signs on: there is one for each workspace, with its role. */
export interface Person {
  readonly workspace: string;
  readonly login: string;
  readonly password: string;
  readonly role: string;
}

/** A Keycloak that answers. */
export interface SignOn {
  readonly people: readonly Person[];
  readonly admin: string;
}

const object = (apiVersion: string, kind: string, named: string, fields: object): KubeObject => ({
  ...{ apiVersion, kind, metadata: { name: named, namespace } },
  ...fields,
});

/** Starts the server with what `ops dials sso` lists, all but the token exchange. What it knows is gone when its pod is. */
export async function startKeycloak(run: Run, settings: DialsSettings): Promise<SignOn> {
  const { lab } = run;
  await offerRecipes(run, [keycloak]);
  const api = kubeApi(lab);
  await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const kept = await api.find<{ data: Readonly<Record<string, string>> }>(
    `/api/v1/namespaces/${namespace}/secrets/${name}`,
  );
  const password = (key: string): string =>
    kept === undefined ? randomBytes(16).toString("hex") : Buffer.from(kept.data[key] ?? "", "base64").toString();
  const people = settings.workspaces.map(({ name: workspace, role }) => {
    const login = `${workspace}-shifter`;
    return { workspace, login, password: password(login), role };
  });
  const admin = password("admin");
  // The stack's, which its API asks with.
  const stackSecret = `/api/v1/namespaces/${settings.namespace.name}/secrets/dials-backend-secrets`;
  const { data } = await api.get<{ data: Readonly<Record<string, string>> }>(stackSecret);
  const secret = Buffer.from(data.DJANGO_KEYCLOAK_SECRET_KEY ?? "", "base64").toString();
  for (const one of objects(settings, secret, people, admin)) await api.apply(one);
  const at = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  const ready = async (): Promise<boolean> =>
    (await api.get<{ status?: { readyReplicas?: number } }>(at)).status?.readyReplicas === 1;
  await waitUntilReady("Keycloak", startTimeout, ready, `kubectl -n ${namespace} describe deployment ${name}`);
  const { server, realm } = settings.sso;
  const page = `${server}realms/${realm}/.well-known/openid-configuration`;
  // The router learns of the pod after the cluster does.
  await waitUntilReady(page, 60, async () => (await ask(lab, page)).status === 200, "npm run lab -- status");
  return { people, admin };
}

function objects(
  settings: DialsSettings,
  secret: string,
  people: readonly Person[],
  admin: string,
): readonly KubeObject[] {
  const { sso } = settings;
  const host = new URL(sso.server).hostname;
  const labels = { app: name };
  const container = {
    ...{ name, image: keycloakImage },
    args: [
      ...["start", "--optimized", "--import-realm", "--cache=local", "--http-enabled=true"],
      ...["--proxy-headers=xforwarded", `--hostname=${sso.server.replace(/\/$/, "")}`],
    ],
    env: [
      { name: "KC_BOOTSTRAP_ADMIN_USERNAME", value: "admin" },
      { name: "KC_BOOTSTRAP_ADMIN_PASSWORD", valueFrom: { secretKeyRef: { name, key: "admin" } } },
      { name: "JAVA_OPTS_KC_HEAP", value: "-Xms128m -Xmx384m" },
    ],
    ports: [{ name: "http", containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/auth/realms/master", port: "http" }, periodSeconds: 2 },
    resources: { requests: { cpu: "100m", memory: "512Mi" }, limits: { memory: "1Gi" } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    volumeMounts: [{ name: "realm", mountPath: "/opt/keycloak/data/import" }],
  };
  const spec = {
    ...{ containers: [container], automountServiceAccountToken: false, enableServiceLinks: false },
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    volumes: [{ name: "realm", secret: { secretName: `${name}-realm` } }],
  };
  const passwords = Object.fromEntries(people.map(({ login, password }) => [login, password]));
  const backend = { service: { name, port: { number: 80 } } };
  return [
    object("v1", "Secret", name, { stringData: { admin, ...passwords } }),
    object("v1", "Secret", `${name}-realm`, {
      stringData: { "realm.json": JSON.stringify(realm(settings, secret, people)) },
    }),
    object("apps/v1", "Deployment", name, {
      spec: {
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
      },
    }),
    object("v1", "Service", name, { spec: { selector: labels, ports: [{ port: 80, targetPort: "http" }] } }),
    object("networking.k8s.io/v1", "Ingress", name, {
      spec: {
        tls: [{ hosts: [host] }],
        rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
      },
    }),
  ];
}

/** The realm as Keycloak imports it. The redirects are those that `ops dials sso` lists; the frontend signs on from any of its pages. */
function realm(settings: DialsSettings, secret: string, people: readonly Person[]): object {
  const { sso, frontendBuild, frontendHost, apiHost, workspaces } = settings;
  const { confidentialClient } = sso;
  const roles = {
    name: "cern_roles",
    protocol: "openid-connect",
    protocolMapper: "oidc-usermodel-client-role-mapper",
    config: {
      "usermodel.clientRoleMapping.clientId": confidentialClient,
      "claim.name": "cern_roles",
      "jsonType.label": "String",
      multivalued: "true",
      "access.token.claim": "true",
    },
  };
  return {
    realm: sso.realm,
    enabled: true,
    clients: [
      {
        clientId: frontendBuild.publicClient,
        publicClient: true,
        // Else its tokens would name each application in which somebody has a role, and need no exchange.
        fullScopeAllowed: false,
        redirectUris: [`https://${frontendHost}/*`],
        webOrigins: [`https://${frontendHost}`],
      },
      {
        clientId: confidentialClient,
        secret,
        redirectUris: [`https://${apiHost}/api/v1/swagger`],
        protocolMappers: [roles],
      },
    ],
    roles: { client: { [confidentialClient]: workspaces.map(({ role }) => ({ name: role })) } },
    users: people.map(({ login, password, role }) => ({
      ...{ username: login, enabled: true, email: `${login}@lab.test`, firstName: login, lastName: "of the lab" },
      credentials: [{ type: "password", value: password }],
      clientRoles: { [confidentialClient]: [role] },
    })),
  };
}
