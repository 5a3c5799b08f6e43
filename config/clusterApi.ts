/**
 * Asks a cluster's API, for what must be known before the engine makes anything. kubectl logs in, as it does so in every way
 * that a kubeconfig can have: tokens, certificates, files, programs (exec), providers, proxies.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { childEnvironment } from "./childEnvironment.ts";
import { parseDocument } from "yaml";
import { z } from "zod";

/** Seconds until a server that says nothing counts as not there. */
const timeout = 20;

/** One cluster's API. */
export interface ClusterApi {
  /** Sends JSON, returns JSON. @throws LoginError with one clear message */
  post(path: string, body: object): Promise<unknown>;
  /** Whether there is something at a path; false only when the cluster says so. @throws LoginError as `post` */
  has(path: string): Promise<boolean>;
  /** The object at a path; undefined if there is none. @throws LoginError as `post`, and if it may not be read */
  find(path: string): Promise<unknown>;
  /** Whether the cluster would create an object, as a dry run; false only when it forbids it. @throws LoginError as `post` */
  wouldCreate(path: string, body: object): Promise<boolean>;
  /** One request whose status the caller judges; `type` is the body's (default: application/json). @throws LoginError as `post` */
  send(method: string, path: string, body?: object, type?: string): Promise<ApiAnswer>;
}

/** An answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

const toServer = z.object({
  "current-context": z.string(),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) })),
  clusters: z.array(z.object({ name: z.string(), cluster: z.object({ server: z.url() }) })),
  users: z.array(z.object({ name: z.string(), user: z.object({}) })),
});

/**
 * What is wrong with a kubeconfig of which kubectl would make something else: it asks this machine's port 8080 where
 * there is no server, and the person at the keyboard where there is no user. Undefined if nothing is.
 */
export function kubeconfigProblem(text: string): string | undefined {
  // Unlike yaml's parse this prints no warnings, which would quote the secret.
  const document = parseDocument(text);
  const { data } = toServer.safeParse(document.errors.length > 0 ? undefined : document.toJS());
  const context = data?.contexts.find(({ name }) => name === data["current-context"])?.context;
  const server = data?.clusters.some(({ name }) => name === context?.cluster) === true;
  const user = data?.users.some(({ name }) => name === context?.user) === true;
  return server && user ? undefined : "its current-context names no server or no user";
}

/** Why a cluster could not be asked; its message goes on after the cluster's name, and quotes nothing secret. */
export class LoginError extends Error {}

/** There is no kubectl on this machine. */
export class NoKubectlError extends Error {
  constructor() {
    super("kubectl is not installed");
  }
}

/**
 * Works with the cluster of a kubeconfig's current context.
 * @param stop - ends login and work at once. @default they end by themselves
 * @throws LoginError if the kubeconfig does not work, NoKubectlError
 */
export function askCluster<T>(
  kubeconfig: string,
  work: (api: ClusterApi) => Promise<T>,
  stop?: AbortSignal,
): Promise<T> {
  return withKubeconfig(kubeconfig, async (file, done) => {
    const socket = path.join(path.dirname(file), "socket");
    await serve(file, socket, stop === undefined ? done : AbortSignal.any([done, stop]));
    rmSync(file); // kubectl has read it
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    try {
      return await work(apiAt(socket, agent));
    } finally {
      agent.destroy();
    }
  });
}

/**
 * Works with a kubeconfig as a file that only this user can read, in a folder of its own. The signal says that the work
 * is done, or that this process exits; the folder goes then.
 * @throws LoginError if the kubeconfig leads to no server
 */
export async function withKubeconfig<T>(
  text: string,
  work: (file: string, done: AbortSignal) => Promise<T>,
): Promise<T> {
  const problem = kubeconfigProblem(text);
  if (problem !== undefined) throw new LoginError(`has a kubeconfig that leads nowhere: ${problem}`);
  const folder = mkdtempSync(path.join(tmpdir(), "orrery-"));
  const ending = new AbortController();
  const clean = (): void => {
    ending.abort();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", clean);
  try {
    const file = path.join(folder, "kubeconfig");
    writeFileSync(file, text, { mode: 0o600 });
    return await work(file, ending.signal);
  } finally {
    process.off("exit", clean);
    clean();
  }
}

/** Starts kubectl as a proxy that logs in; returns once it serves. A socket in the folder is this user's only, a port would be everybody's. */
function serve(kubeconfig: string, socket: string, signal: AbortSignal): Promise<void> {
  const args = ["proxy", "--kubeconfig", kubeconfig, "--unix-socket", socket, "--append-server-path"];
  const child = spawn("kubectl", args, {
    env: childEnvironment("kubectl"),
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  return new Promise((resolve, reject) => {
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new NoKubectlError() : error);
    });
    child.on("close", () => {
      reject(new LoginError(unusable(complaint, kubeconfig)));
    });
    child.stdout.on("data", (chunk: Buffer) => {
      if (chunk.includes("Starting to serve")) resolve(); // it may ask for a name and password instead
    });
  });
}

/** Why kubectl does not start. */
function unusable(complaint: string, file: string): string {
  // Of a file that is no kubeconfig it may quote a part.
  if (complaint.includes(file)) return "has a kubeconfig that kubectl cannot read";
  const lines = complaint.split("\n").map((line) => line.replace(/^(error:|\*)/, "").trim());
  const [line = "kubectl ended"] = lines.filter((one) => one !== "" && !one.endsWith(":"));
  return `has a kubeconfig that does not work: ${line}`;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function apiAt(socketPath: string, agent: Agent): ClusterApi {
  const sendOnce = (method: string, path: string, body?: string, type = "application/json"): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = { "content-type": type };
      const fail = ({ message }: Error): void => {
        reject(new LoginError(`cannot be reached: ${message}`));
      };
      const options = { socketPath, agent, method, path, headers, timeout: timeout * 1000 };
      const outgoing = request(options, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", fail);
        incoming.on("end", () => {
          const answer = { status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
          const problem = loginProblem(answer, incoming.headers["content-type"]);
          if (problem === undefined) resolve(answer);
          else reject(new LoginError(problem));
        });
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer in ${timeout} s`)));
      outgoing.on("error", fail);
      outgoing.end(body);
    });
  // A server that closes a connection in good order has not looked at what it sends back so.
  const sendAgain = (...request: Parameters<typeof sendOnce>): Promise<Answer> =>
    sendOnce(...request).catch((error: unknown) => {
      if (error instanceof LoginError && error.message.includes("GOAWAY")) return sendOnce(...request);
      throw error;
    });
  let first: Promise<Answer> | undefined;
  // The first goes alone: an API server that refuses a login closes the connection, with all that is under way.
  const send = async (...request: Parameters<typeof sendOnce>): Promise<Answer> => {
    if (first !== undefined) {
      await first;
      return sendAgain(...request);
    }
    first = sendAgain(...request);
    try {
      return await first;
    } catch (error) {
      first = undefined;
      throw error;
    }
  };
  return {
    post: async (path, body) => {
      const { status, text } = await send("POST", path, JSON.stringify(body));
      if (status >= 300) throw new LoginError(`answers ${status} to ${path}`);
      return fromJson(text, path);
    },
    has: async (path) => (await send("GET", path)).status !== 404,
    find: async (path) => {
      const { status, text } = await send("GET", path);
      if (status === 404) return undefined;
      if (status >= 300) throw new LoginError(`answers ${status} to ${path}`);
      return fromJson(text, path);
    },
    wouldCreate: async (path, body) => (await send("POST", `${path}?dryRun=All`, JSON.stringify(body))).status !== 403,
    send: async (method, path, body, type) => {
      const { status, text } = await send(method, path, body === undefined ? undefined : JSON.stringify(body), type);
      return { status, body: fromJson(text, path) };
    },
  };
}

/** What an answer says about the login or the way; kubectl puts its own errors into plain text, an API answers JSON. */
function loginProblem({ status, text }: Answer, type = ""): string | undefined {
  if (status === 401) return "refuses the login: its token has expired or was revoked";
  if (status !== 500 || !type.startsWith("text/plain")) return undefined;
  const [line = ""] = text.split("\n");
  const [, login] = /^getting credentials: (.*)/.exec(line) ?? [];
  return login === undefined ? `cannot be reached: ${line}` : `cannot be logged in to: ${login}`;
}

function fromJson(answer: string, path: string): unknown {
  try {
    return JSON.parse(answer) as unknown;
  } catch {
    throw new LoginError(`answers no JSON to ${path}`);
  }
}
