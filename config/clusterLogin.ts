/** Asks a cluster's API with the login of a kubeconfig, for what must be known before the engine makes anything. */
import { Agent, request as https } from "node:https";
import { request as http } from "node:http";
import { parse } from "yaml";
import { z } from "zod";

const kubeconfig = z.object({
  "current-context": z.string(),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) })),
  clusters: z.array(
    z.object({
      name: z.string(),
      cluster: z.object({
        server: z.url(),
        "certificate-authority-data": z.string().optional(),
        "insecure-skip-tls-verify": z.boolean().default(false),
        "tls-server-name": z.string().optional(),
      }),
    }),
  ),
  users: z.array(
    z.object({
      name: z.string(),
      user: z.object({
        token: z.string().optional(),
        "client-certificate-data": z.string().optional(),
        "client-key-data": z.string().optional(),
      }),
    }),
  ),
});

/** Seconds until a server that says nothing counts as not there. */
const patience = 20;

/** One cluster's API. */
export interface ClusterLogin {
  /** Sends JSON, returns JSON. @throws LoginError with one clear message */
  post(path: string, body: object): Promise<unknown>;
  /** Whether there is something at a path; false only when the cluster says so. @throws LoginError as `post` */
  has(path: string): Promise<boolean>;
  /** Whether the cluster would make an object, which it is asked to try without making it; false only when it forbids it. @throws LoginError as `post` */
  wouldMake(path: string, body: object): Promise<boolean>;
  /** The token that it logs in with; undefined when it is by a certificate. */
  readonly token: string | undefined;
  /** PEM of that certificate. */
  readonly certificate: string | undefined;
}

/** Why a cluster could not be asked. */
export class LoginError extends Error {}

/** The login of the current context; undefined if it is by a program or by files, which only clients of Kubernetes follow. */
export function clusterLogin(text: string): ClusterLogin | undefined {
  // Its warnings would quote the text, which is a secret.
  const config = kubeconfig.safeParse(parse(text, { logLevel: "error" })).data;
  const context = config?.contexts.find(({ name }) => name === config["current-context"])?.context;
  const cluster = config?.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config?.users.find(({ name }) => name === context?.user)?.user;
  if (cluster === undefined || user === undefined) return undefined;
  const { token, "client-certificate-data": certificate, "client-key-data": key } = user;
  if (token === undefined && certificate === undefined) return undefined;
  const decoded = (name: string, base64: string | undefined): object =>
    base64 === undefined ? {} : { [name]: Buffer.from(base64, "base64") };
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 20,
    rejectUnauthorized: !cluster["insecure-skip-tls-verify"],
    ...decoded("ca", cluster["certificate-authority-data"]),
    ...decoded("cert", certificate),
    ...decoded("key", key),
    ...(cluster["tls-server-name"] === undefined ? {} : { servername: cluster["tls-server-name"] }),
  });
  const headers = {
    "content-type": "application/json",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const ask = (method: string, path: string, body?: string): Promise<Answer> =>
    send(new URL(cluster.server.replace(/\/+$/, "") + path), { method, headers, agent }, body);
  return {
    token,
    certificate: certificate === undefined ? undefined : Buffer.from(certificate, "base64").toString(),
    post: async (path, body) => {
      const { status, text: answer } = await ask("POST", path, JSON.stringify(body));
      if (status >= 300) throw new LoginError(`answers ${status} to ${path}`);
      return fromJson(answer, path);
    },
    has: async (path) => (await ask("GET", path)).status !== 404,
    wouldMake: async (path, body) => (await ask("POST", `${path}?dryRun=All`, JSON.stringify(body))).status !== 403,
  };
}

function fromJson(answer: string, path: string): unknown {
  try {
    return JSON.parse(answer) as unknown;
  } catch {
    throw new LoginError(`answers no JSON to ${path}`);
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function send(
  url: URL,
  { agent, ...request }: { method: string; headers: Readonly<Record<string, string>>; agent: Agent },
  body: string | undefined,
): Promise<Answer> {
  const secure = url.protocol === "https:";
  const options = { ...request, timeout: patience * 1000, ...(secure ? { agent } : {}) };
  return new Promise((resolve, reject) => {
    const fail = ({ message }: Error): void => {
      reject(new LoginError(`cannot be reached: ${message}`));
    };
    const outgoing = (secure ? https : http)(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", fail);
      incoming.on("end", () => {
        const status = incoming.statusCode ?? 0;
        if (status === 401) reject(new LoginError("refuses the login: its token has expired or was revoked"));
        else resolve({ status, text: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer in ${patience} s`)));
    outgoing.on("error", fail);
    outgoing.end(body);
  });
}
