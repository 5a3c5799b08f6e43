/** Counterparts of the world's services in a lab with real nodes: pods of the lab's own programs, behind Ingresses of the world's names. */
import { createHash, randomBytes } from "node:crypto";
import { sample } from "../../config/samples.ts";
import type { KubeApi, KubeObject } from "../kubernetes/api.ts";
import { newestPodReady } from "../kubernetes/health.ts";
import { tcpServices } from "../kubernetes/router/tcp.ts";
import type { App, Seed } from "./github/state.ts";
import type { Seed as GitlabSeed } from "./gitlab/state.ts";
import { type Counterpart, counterpartsNamespace, type Forge, objectIn, objectsOf } from "./objects.ts";
import { waitUntilReady } from "../process.ts";

/** Secret with the tokens of people at a forge, by login. */
const tokensSecret = (forge: Forge): string => `${forge}-tokens`;
/** Seconds on a busy machine; an idle one takes five. */
const startTimeout = 600;

/** ultrahook.com with its accounts and tunnels. */
export interface TunnelAccounts {
  /** Names of the accounts by their API keys. */
  readonly accounts: Readonly<Record<string, string>>;
  /** Public names of the tunnels. */
  readonly hosts: readonly string[];
}

/** Who is at a forge: members by organisation, and tokens that programs of a stack have, by their owners' logins. */
export interface ForgePeople {
  readonly organisations: Readonly<Record<string, readonly string[]>>;
  readonly programs: Readonly<Record<string, string>>;
  /** Lines of authorized_keys: who may fetch and push every repository by SSH. @default nobody */
  readonly keys?: readonly string[];
}

export interface GithubPeople extends ForgePeople {
  /** GitHub Apps. @default none */
  readonly apps?: readonly App[];
}

/**
 * Starts GitHub, Google's storage and chat and Docker Hub, and ultrahook.com where somebody has accounts there; who was at GitHub before stays there. People of GitHub get tokens, which stay
 * the same while the namespace exists; the repositories and objects are gone when a pod is.
 * @param how - accounts at ultrahook.com; whether to wait until all are ready, as by default
 * @returns the tokens by login
 */
export async function startCounterparts(
  api: KubeApi,
  people: GithubPeople,
  { tunnels, wait = true }: { readonly tunnels?: TunnelAccounts; readonly wait?: boolean } = {},
): Promise<ReadonlyMap<string, string>> {
  const tokens = await peoplesTokens(api, "github", people);
  // Another system's people, who are there already, stay.
  const before = await seedBefore(api);
  const ids = new Set(people.apps?.map(({ id }) => id));
  const seed: Seed = {
    tokens: { ...before.tokens, ...Object.fromEntries([...tokens].map(([login, token]) => [token, login])) },
    organisations: { ...before.organisations, ...people.organisations },
    apps: [...(before.apps ?? []).filter(({ id }) => !ids.has(id)), ...(people.apps ?? [])],
  };
  const keys = [...new Set([...before.keys, ...(people.keys ?? [])])];
  const githubFiles = { "seed.json": JSON.stringify(seed), authorized_keys: lines(keys) };
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
  await start(api, all, wait);
  await api.apply(sshPort);
  return tokens;
}

/**
 * Starts GitLab, whose groups are the organisations. What it has is gone when its pod is.
 * @param certificate - of gitlab.com, with its key
 * @returns the tokens of its people by their names
 */
export async function startGitlab(
  api: KubeApi,
  people: ForgePeople,
  certificate: string,
): Promise<ReadonlyMap<string, string>> {
  const tokens = await peoplesTokens(api, "gitlab", people);
  const seed: GitlabSeed = {
    tokens: Object.fromEntries([...tokens].map(([login, token]) => [token, login])),
    organisations: people.organisations,
  };
  const files = {
    "seed.json": JSON.stringify(seed),
    "server.pem": certificate,
    // Callers remember it.
    host_key: sample("ssh-private-key", "gitlab.com in the lab"),
    authorized_keys: lines(people.keys ?? []),
  };
  // Its port 22 is not GitHub's, so neither is its address.
  await start(api, [{ name: "gitlab", hosts: ["gitlab.com"], files, ssh: true, own: 443 }]);
  return tokens;
}

const lines = (all: readonly string[]): string => all.map((one) => `${one}\n`).join("");

/** Starts what does not run. @throws if one that is waited for is not ready in time */
async function start(api: KubeApi, all: readonly Counterpart[], wait = true): Promise<void> {
  await Promise.all(all.flatMap(objectsOf).map((one) => api.apply(one)));
  await Promise.all(all.map((one) => refresh(api, one)));
  if (!wait) return;
  for (const { name } of all) {
    const hint = `kubectl -n ${counterpartsNamespace} describe deployment ${name}`;
    const ready = (): Promise<boolean> => newestPodReady(api, counterpartsNamespace, name);
    await waitUntilReady(`the counterpart ${name}`, startTimeout, ready, hint);
  }
}

/** Makes the kubelet look at the pods of a counterpart: else new files may be a minute late. */
async function refresh(api: KubeApi, { name, files }: Counterpart): Promise<void> {
  const at = `/api/v1/namespaces/${counterpartsNamespace}/pods`;
  const seen = createHash("sha256")
    .update(JSON.stringify(files ?? {}))
    .digest("hex")
    .slice(0, 16);
  const pods = await api.list(`${at}?labelSelector=app%3D${name}`);
  const changed = pods.filter(({ metadata }) => metadata.annotations?.["orrery.lab/files"] !== seen);
  for (const { metadata } of changed) {
    // One that ends meanwhile needs no files.
    await api
      .patch(`${at}/${metadata.name}`, { metadata: { annotations: { "orrery.lab/files": seen } } })
      .catch(() => undefined);
  }
}

/** Its clients ask without TLS, and stay connected. */
const ultrahook = ({ accounts, hosts }: TunnelAccounts): Counterpart => ({
  name: "ultrahook",
  hosts: ["www.ultrahook.com", ...hosts],
  files: { "accounts.json": JSON.stringify(accounts) },
  own: 80,
});

/** What a GitHub that runs already has been given. */
async function seedBefore(api: KubeApi): Promise<Seed & { readonly keys: readonly string[] }> {
  const at = `/api/v1/namespaces/${counterpartsNamespace}/secrets/github-files`;
  const { data = {} } = (await api.find<{ data?: Readonly<Record<string, string>> }>(at)) ?? {};
  const text = (name: string): string => Buffer.from(data[name] ?? "", "base64").toString();
  const seed = JSON.parse(text("seed.json") || '{"tokens":{},"organisations":{}}') as Seed;
  return { ...seed, keys: text("authorized_keys").split("\n").filter(Boolean) };
}

/** Tokens of everybody by login; who has one keeps it. */
async function peoplesTokens(
  api: KubeApi,
  forge: Forge,
  { organisations, programs }: ForgePeople,
): Promise<ReadonlyMap<string, string>> {
  await api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: counterpartsNamespace } });
  const at = `/api/v1/namespaces/${counterpartsNamespace}/secrets/${tokensSecret(forge)}`;
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
  await api.apply(objectIn("v1", "Secret", tokensSecret(forge), { stringData }));
  return tokens;
}

/** github.com:22 is a port of the router. */
const sshPort: KubeObject = {
  ...{ apiVersion: "v1", kind: "ConfigMap", metadata: tcpServices },
  data: { "22": `${counterpartsNamespace}/github:22` },
};
