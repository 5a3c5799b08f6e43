/** Counterparts of the world's services in a lab with real nodes: pods of the lab's own programs, behind Ingresses of the world's names. */
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { counterpartImage } from "../images/recipes.ts";
import type { KubeApi, KubeObject } from "../kubernetes/api.ts";
import { outsideNode } from "../kubernetes/nodes/plan.ts";
import { tcpServices } from "../kubernetes/router/tcp.ts";
import type { App, Seed } from "./github/state.ts";
import { waitUntilReady } from "../process.ts";

/** Namespace of all counterparts. */
const counterpartsNamespace = "lab-counterparts";
/** Secret with the tokens of people at GitHub, by login. */
const tokensSecret = "github-tokens";
/** Seconds on a busy machine; an idle one takes five. */
const startTimeout = 600;

/** A counterpart: a folder next to this file whose `server.ts` listens on port 8080. */
interface Counterpart {
  readonly name: "dockerhub" | "github" | "google" | "ultrahook";
  readonly hosts: readonly string[];
  /** Files of a Secret, at /etc/<name>. @default none */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether its repositories are served by SSH, too. @default false */
  readonly ssh?: true;
  /** Whether it has an address of its own and no TLS: the router ends what lasts when it learns of something new. @default false */
  readonly plain?: true;
}

/** ultrahook.com with its accounts and tunnels. */
export interface TunnelAccounts {
  /** Names of the accounts by their API keys. */
  readonly accounts: Readonly<Record<string, string>>;
  /** Public names of the tunnels. */
  readonly hosts: readonly string[];
}

/** Who is at GitHub: members by organisation, and tokens that programs of a stack have, by their owners' logins. */
export interface GithubPeople {
  readonly organisations: Readonly<Record<string, readonly string[]>>;
  readonly programs: Readonly<Record<string, string>>;
  /** Lines of authorized_keys: who may fetch and push every repository by SSH. @default nobody */
  readonly keys?: readonly string[];
  /** GitHub Apps. @default none */
  readonly apps?: readonly App[];
}

/**
 * Starts GitHub, Google's storage and chat and Docker Hub, and ultrahook.com where somebody has accounts there; who was at GitHub before stays there. People of GitHub get tokens, which stay
 * the same while the namespace exists; the repositories and objects are gone when a pod is.
 * @returns the tokens by login
 */
export async function startCounterparts(
  api: KubeApi,
  people: GithubPeople,
  tunnels?: TunnelAccounts,
): Promise<ReadonlyMap<string, string>> {
  await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: counterpartsNamespace } });
  const tokens = await peoplesTokens(api, people);
  // Another system's people, who are there already, stay.
  const before = await seedBefore(api);
  const ids = new Set(people.apps?.map(({ id }) => id));
  const seed: Seed = {
    tokens: { ...before.tokens, ...Object.fromEntries([...tokens].map(([login, token]) => [token, login])) },
    organisations: { ...before.organisations, ...people.organisations },
    apps: [...(before.apps ?? []).filter(({ id }) => !ids.has(id)), ...(people.apps ?? [])],
  };
  const keys = [...new Set([...before.keys, ...(people.keys ?? [])])];
  const githubFiles = { "seed.json": JSON.stringify(seed), authorized_keys: keys.map((key) => `${key}\n`).join("") };
  const all: readonly Counterpart[] = [
    {
      name: "github",
      hosts: ["github.com", "api.github.com", "raw.githubusercontent.com"],
      files: githubFiles,
      ssh: true,
    },
    { name: "dockerhub", hosts: ["registry-1.docker.io"] },
    { name: "google", hosts: ["storage.googleapis.com", "oauth2.googleapis.com", "chat.googleapis.com"] },
    ...(tunnels === undefined ? [] : [ultrahook(tunnels)]),
  ];
  for (const one of all.flatMap(objectsOf)) await api.apply(one);
  await api.apply(sshPort);
  for (const { name } of all) {
    const at = `/apis/apps/v1/namespaces/${counterpartsNamespace}/deployments/${name}`;
    const ready = async (): Promise<boolean> =>
      (await api.get<{ status?: { readyReplicas?: number } }>(at)).status?.readyReplicas === 1;
    const hint = `kubectl -n ${counterpartsNamespace} describe deployment ${name}`;
    await waitUntilReady(`the counterpart ${name}`, startTimeout, ready, hint);
  }
  return tokens;
}

/** Its clients ask without TLS, and stay connected. */
const ultrahook = ({ accounts, hosts }: TunnelAccounts): Counterpart => ({
  name: "ultrahook",
  hosts: ["www.ultrahook.com", ...hosts],
  files: { "accounts.json": JSON.stringify(accounts) },
  plain: true,
});

/** What a GitHub that runs already has been given. */
async function seedBefore(api: KubeApi): Promise<Seed & { readonly keys: readonly string[] }> {
  const at = `/api/v1/namespaces/${counterpartsNamespace}/secrets/github-files`;
  const { data = {} } = (await api.find<{ data?: Readonly<Record<string, string>> }>(at)) ?? {};
  const text = (name: string): string => Buffer.from(data[name] ?? "", "base64").toString();
  const seed = JSON.parse(text("seed.json") || '{"tokens":{},"organisations":{}}') as Seed;
  return { ...seed, keys: text("authorized_keys").split("\n").filter(Boolean) };
}

async function peoplesTokens(
  api: KubeApi,
  { organisations, programs }: GithubPeople,
): Promise<ReadonlyMap<string, string>> {
  const at = `/api/v1/namespaces/${counterpartsNamespace}/secrets/${tokensSecret}`;
  const { data = {} } = (await api.find<{ data?: Readonly<Record<string, string>> }>(at)) ?? {};
  const logins = [...new Set(Object.values(organisations).flat())];
  const tokens = new Map(
    logins.map((login) => {
      const kept = data[login];
      return [login, kept === undefined ? randomBytes(20).toString("hex") : Buffer.from(kept, "base64").toString()];
    }),
  );
  for (const [login, token] of Object.entries(programs)) tokens.set(login, token);
  const stringData = Object.fromEntries(tokens);
  await api.apply(objectIn("v1", "Secret", tokensSecret, { stringData }));
  return tokens;
}

const objectIn = (apiVersion: string, kind: string, name: string, fields: object): KubeObject => ({
  ...{ apiVersion, kind, metadata: { name, namespace: counterpartsNamespace } },
  ...fields,
});

/** Debian's sshd as the user who owns the repositories, on their volume. */
const sshd = {
  ...{ name: "ssh", image: counterpartImage, command: ["sh", "-ec"] },
  args: [
    `[ -f /tmp/host_key ] || ssh-keygen -q -t ed25519 -N '' -f /tmp/host_key
    exec /usr/sbin/sshd -f /dev/null -D -e -p 2222 -h /tmp/host_key -o PidFile=none -o StrictModes=no -o UsePAM=no \\
      -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no -o DisableForwarding=yes -o PermitTTY=no \\
      -o AuthorizedKeysFile=/etc/github/authorized_keys`,
  ],
  ports: [{ name: "ssh", containerPort: 2222 }],
  readinessProbe: { tcpSocket: { port: "ssh" }, periodSeconds: 1 },
  resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "256Mi" } },
};

/** github.com:22 is a port of the router. */
const sshPort: KubeObject = {
  ...{ apiVersion: "v1", kind: "ConfigMap", metadata: tcpServices },
  data: { "22": `${counterpartsNamespace}/github:22` },
};

function objectsOf({ name, hosts, files, ssh, plain }: Counterpart): readonly KubeObject[] {
  const folder = path.join(import.meta.dirname, name);
  const sources = readdirSync(folder).map((file) => [file, readFileSync(path.join(folder, file), "utf8")] as const);
  const data = { "package.json": '{"type":"module"}', ...Object.fromEntries(sources) };
  const labels = { app: name };
  // NetworkPolicies look at the pod's port, so it is the one that callers name.
  const port = plain === true ? 80 : 8080;
  // A changed program is started again; a changed Secret is not, because the state would be lost.
  const annotations = {
    "orrery.lab/program": createHash("sha256").update(JSON.stringify(data)).digest("hex").slice(0, 16),
  };
  const container = {
    ...{ name, image: counterpartImage, args: ["/srv/lab/server.ts"] },
    env: [
      { name: "HOME", value: "/data" },
      { name: "GIT_HOME", value: "/data/git" },
      { name: "SEED", value: `/etc/${name}/seed.json` },
      { name: "PORT", value: String(port) },
    ],
    ports: [{ name: "http", containerPort: port }],
    readinessProbe: { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 1 },
    resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { memory: "512Mi" } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "program", mountPath: "/srv/lab" },
      { name: "data", mountPath: "/data" },
      { name: "tmp", mountPath: "/tmp" },
      ...(files === undefined ? [] : [{ name: "files", mountPath: `/etc/${name}` }]),
    ],
  };
  const spec = {
    ...{
      containers: ssh === true ? [container, { ...container, ...sshd, env: [] }] : [container],
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      nodeSelector: { "kubernetes.io/hostname": outsideNode },
    },
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    volumes: [
      { name: "program", configMap: { name: `${name}-program` } },
      { name: "data", emptyDir: {} },
      { name: "tmp", emptyDir: {} },
      ...(files === undefined ? [] : [{ name: "files", secret: { secretName: `${name}-files` } }]),
    ],
  };
  const paths = [{ path: "/", pathType: "Prefix", backend: { service: { name, port: { number: 80 } } } }];
  const ingress = objectIn("networking.k8s.io/v1", "Ingress", name, {
    metadata: {
      ...{ name, namespace: counterpartsNamespace },
      annotations: { "nginx.ingress.kubernetes.io/proxy-body-size": "0" },
    },
    spec: { tls: [{ hosts }], rules: hosts.map((host) => ({ host, http: { paths } })) },
  });
  const named = { "external-dns.alpha.kubernetes.io/hostname": hosts.join(",") };
  return [
    objectIn("v1", "ConfigMap", `${name}-program`, { data }),
    ...(files === undefined ? [] : [objectIn("v1", "Secret", `${name}-files`, { stringData: files })]),
    objectIn("apps/v1", "Deployment", name, {
      spec: {
        strategy: { type: "Recreate" },
        selector: { matchLabels: labels },
        template: { metadata: { labels, annotations }, spec },
      },
    }),
    objectIn("v1", "Service", name, {
      metadata: { name, namespace: counterpartsNamespace, annotations: plain === true ? named : {} },
      spec: {
        ...(plain === true ? { type: "LoadBalancer" } : {}),
        selector: labels,
        ports: [
          { name: "http", port: 80, targetPort: "http" },
          ...(ssh === true ? [{ name: "ssh", port: 22, targetPort: "ssh" }] : []),
        ],
      },
    }),
    ...(plain === true ? [] : [ingress]),
  ];
}
