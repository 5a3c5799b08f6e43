/** A client of the lab's Kubernetes API, for the lab's set-up and for tests that do not rely on Pulumi's state. */
import { Agent, request } from "node:https";
import { createInterface } from "node:readline";
import type { LabSettings } from "../settings.ts";

/** An object of the API; callers narrow the fields that they read. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** An error response of the API: its HTTP status and message. */
export class KubeError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Calls take the path after the server's address, e.g. `/api/v1/namespaces`; all but `text` throw {@link KubeError}. */
export interface KubeApi {
  get<T = KubeObject>(path: string): Promise<T>;
  /** Like get, but undefined on 404. */
  find<T = KubeObject>(path: string): Promise<T | undefined>;
  list<T = KubeObject>(path: string): Promise<readonly T[]>;
  /** Creates the object at the path of its collection. */
  post<T = KubeObject>(path: string, body: unknown): Promise<T>;
  /** Merges the fields of `body` into the object; null removes a field. */
  patch<T = KubeObject>(path: string, body: unknown): Promise<T>;
  delete(path: string): Promise<void>;
  /** Creates or updates the object by server-side apply, as `kubectl apply --server-side --force-conflicts` does. */
  apply<T = KubeObject>(object: KubeObject): Promise<T>;
  /** Status and body of any GET, errors included. */
  text(path: string): Promise<{ status: number; body: string }>;
  /** Calls `seen` with every event of a watch (`?watch=1`), until the server ends it. @throws if the connection breaks */
  watch<T = KubeObject>(path: string, seen: (event: WatchEvent<T>) => void): Promise<void>;
}

/** A change of an object. ERROR has a Status as its object: the watch is over. */
interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: T;
}

/** The API of a lab, as the administrator or with `token`. */
export function kubeApi(lab: LabSettings, token?: string): KubeApi {
  return apiAt(lab.ports.kubernetes, () => token ?? lab.password);
}

/** Any of the cluster's servers, by its port; anonymously if there is no token. */
export function apiAt(port: number, token: () => string | undefined = () => undefined): KubeApi {
  const server = `https://127.0.0.1:${port}`;
  // As in the lab's kubeconfig: the certificate is self-signed, and the connection never leaves the machine.
  const agent = new Agent({ keepAlive: true, maxSockets: 20, rejectUnauthorized: false });

  const call = (method: string, path: string, body?: unknown, type = "application/json") =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const bearer = token();
      const headers = {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { "content-type": type }),
      };
      const outgoing = request(new URL(path, server), { method, agent, headers, timeout: 30_000 }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
        });
      });
      outgoing.on("timeout", () =>
        outgoing.destroy(new Error(`${server} did not respond to ${method} ${path} within 30 s`)),
      );
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "ECONNREFUSED") reject(error);
        else reject(new Error(`${server} does not respond; npm run lab -- up starts the lab`, { cause: error }));
      });
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });

  const json = async <T>(method: string, path: string, body?: unknown, type?: string): Promise<T> => {
    const answer = await call(method, path, body, type);
    if (answer.status >= 300) throw new KubeError(answer.status, reason(answer.body));
    return JSON.parse(answer.body) as T;
  };

  return {
    get: (path) => json("GET", path),
    find: async <T>(path: string) => {
      try {
        return await json<T>("GET", path);
      } catch (error) {
        if (error instanceof KubeError && error.status === 404) return undefined;
        throw error;
      }
    },
    list: async <T>(path: string) => (await json<{ items: T[] }>("GET", path)).items,
    post: (path, body) => json("POST", path, body),
    patch: (path, body) => json("PATCH", path, body, "application/merge-patch+json"),
    delete: async (path) => {
      await json("DELETE", path);
    },
    apply: (object) =>
      json("PATCH", `${pathOf(object)}?fieldManager=lab&force=true`, object, "application/apply-patch+yaml"),
    text: (path) => call("GET", path),
    watch: <T>(path: string, seen: (event: WatchEvent<T>) => void) =>
      new Promise<void>((resolve, reject) => {
        const headers = { authorization: `Bearer ${token() ?? ""}` };
        const outgoing = request(new URL(path, server), { rejectUnauthorized: false, headers }, (incoming) => {
          if (incoming.statusCode !== 200) {
            incoming.resume();
            reject(new KubeError(incoming.statusCode ?? 0, `${server} refused to watch ${path}`));
            return;
          }
          const lines = createInterface(incoming);
          lines.on("error", reject); // readline hands on what its input meets
          lines.on("line", (line) => {
            seen(JSON.parse(line) as WatchEvent<T>);
          });
          lines.on("close", resolve);
          incoming.on("error", reject);
        });
        outgoing.on("error", reject);
        outgoing.end();
      }),
  };
}

/** API path of an object; kinds with an irregular plural (Endpoints) are not supported. */
export function pathOf({ apiVersion, kind, metadata }: KubeObject): string {
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  return `${base}${namespace}/${plural(kind)}/${metadata.name}`;
}

/** Plural of a kind in lower case: Route routes, Ingress ingresses, NetworkPolicy networkpolicies. */
export function plural(kind: string): string {
  const singular = kind.toLowerCase();
  if (/(s|x|ch|sh)$/.test(singular)) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

function reason(body: string): string {
  try {
    return (JSON.parse(body) as { message?: string }).message ?? body;
  } catch {
    return body;
  }
}
