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
}

/** Why a cluster could not be asked. */
export class LoginError extends Error {}

/** The login of the current context; undefined if it is by a program or by files, which only clients of Kubernetes follow. */
export function clusterLogin(text: string): ClusterLogin | undefined {
  const config = kubeconfig.safeParse(parse(text)).data;
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
  return { post: (path, body) => post(cluster.server, path, JSON.stringify(body), headers, agent) };
}

function post(
  server: string,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  agent: Agent,
): Promise<unknown> {
  const url = new URL(server.replace(/\/+$/, "") + path);
  const secure = url.protocol === "https:";
  const options = { method: "POST", headers, timeout: patience * 1000, ...(secure ? { agent } : {}) };
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? https : http)(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const status = incoming.statusCode ?? 0;
        if (status === 401) reject(new LoginError("refuses the login: its token has expired or was revoked"));
        else if (status >= 300) reject(new LoginError(`answers ${status} to ${path}`));
        else resolve(JSON.parse(Buffer.concat(chunks).toString()));
      });
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer in ${patience} s`)));
    outgoing.on("error", ({ message }) => {
      reject(new LoginError(`cannot be reached: ${message}`));
    });
    outgoing.end(body);
  });
}
