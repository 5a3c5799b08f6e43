/** A small client of the lab's OpenStack APIs, for health checks and tests. */
import type { LabSettings } from "../settings.ts";
import { url } from "./config/shared.ts";

/** One object of a cloud. */
export interface Row {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly [key: string]: unknown;
}

/** OpenStack services. */
export type Service =
  "identity" | "image" | "placement" | "compute" | "network" | "volume" | "dns" | "balancer" | "object";

interface Request {
  readonly method?: string;
  /** Sent as JSON, unless it is a string or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A failed request: the HTTP status, or 0 without a response. */
class ApiError extends Error {
  readonly status: number;

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Paths begin with "/" and follow the service's versioned root, e.g. get("compute", "/servers/ID"). */
export interface OpenstackApi {
  /** IDs of the session's user and project. */
  identity(): Promise<{ readonly user: string; readonly project: string }>;
  /** Any request. @throws an {@link ApiError} unless it succeeds */
  request(service: Service, path: string, options?: Request): Promise<Response>;
  /** One object, without the {"server": ...} around it. */
  get(service: Service, path: string): Promise<Row>;
  /** One object, or undefined on 404. */
  find(service: Service, path: string): Promise<Row | undefined>;
  /** Whether a path exists, also for responses other than JSON. */
  exists(service: Service, path: string): Promise<boolean>;
  /** All objects of a collection. */
  list(service: Service, path: string): Promise<Row[]>;
  post(service: Service, path: string, body: unknown): Promise<Row>;
  put(service: Service, path: string, body: unknown): Promise<Row>;
  delete(service: Service, path: string): Promise<void>;
}

const microversion = { "openstack-api-version": "compute 2.90" };

interface Session {
  readonly token: string;
  /** IDs of the user and its project. */
  readonly user: string;
  readonly project: string;
}

/** A client that acts as a user of the lab in the project of the same name. @default callysto, the user of the stacks */
export function openstackApi(lab: LabSettings, user: "callysto" | "admin" = "callysto"): OpenstackApi {
  let session: Promise<Session> | undefined;
  const opened = (): Promise<Session> => {
    session ??= login(lab, user);
    return session.catch((error: unknown) => {
      session = undefined;
      throw error;
    });
  };
  const request: OpenstackApi["request"] = async (service, path, options = {}) => {
    const { token, project } = await opened();
    return send(`${rootOf(lab, service, project)}${path}`, {
      ...options,
      headers: { "x-auth-token": token, ...(service === "compute" ? microversion : {}), ...options.headers },
    });
  };
  const get: OpenstackApi["get"] = async (service, path) => single(await (await request(service, path)).json());
  const write = async (method: string, service: Service, path: string, body: unknown): Promise<Row> => {
    const text = await (await request(service, path, { method, body })).text();
    return single(text === "" ? {} : JSON.parse(text));
  };
  return {
    identity: opened,
    request,
    get,
    find: (service, path) => unlessMissing(get(service, path), undefined),
    exists: (service, path) =>
      unlessMissing(
        request(service, path).then(() => true),
        false,
      ),
    list: async (service, path) => collection(await (await request(service, path)).json()),
    post: (service, path, body) => write("POST", service, path, body),
    put: (service, path, body) => write("PUT", service, path, body),
    delete: async (service, path) => {
      await request(service, path, { method: "DELETE" });
    },
  };
}

async function unlessMissing<T, U>(answer: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return otherwise;
    throw error;
  }
}

function rootOf({ ports }: LabSettings, service: Service, project: string): string {
  const roots: Readonly<Record<Service, string>> = {
    identity: `${url(ports.keystone)}/v3`,
    image: `${url(ports.glance)}/v2`,
    placement: url(ports.placement),
    compute: `${url(ports.nova)}/v2.1`,
    network: `${url(ports.neutron)}/v2.0`,
    volume: `${url(ports.cinder)}/v3/${project}`,
    dns: `${url(ports.designate)}/v2`,
    balancer: `${url(ports.octavia)}/v2.0/lbaas`,
    object: `${url(ports.swift)}/v1/AUTH_${project}`,
  };
  return roots[service];
}

async function login(lab: LabSettings, name: string): Promise<Session> {
  const domain = { name: "Default" };
  const identity = { methods: ["password"], password: { user: { name, domain, password: lab.password } } };
  const answer = await send(`${url(lab.ports.keystone)}/v3/auth/tokens`, {
    method: "POST",
    body: { auth: { identity, scope: { project: { name, domain } } } },
  });
  const { token } = (await answer.json()) as { token: { user: { id: string }; project: { id: string } } };
  return { token: answer.headers.get("x-subject-token") ?? "", user: token.user.id, project: token.project.id };
}

async function send(address: string, { method = "GET", body, headers }: Request): Promise<Response> {
  const raw = typeof body === "string" || body instanceof Uint8Array;
  const sent = fetch(address, {
    method,
    headers: { accept: "application/json", ...(raw ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  const answer = await sent.catch((error: unknown) => {
    // fetch() only reports "fetch failed".
    throw new ApiError(`${new URL(address).host} does not respond`, 0, { cause: error });
  });
  if (!answer.ok) {
    throw new ApiError(`${method} ${address}: ${answer.status} ${await answer.text()}`, answer.status);
  }
  return answer;
}

/** The object inside {"server": {...}}, or {...} itself. */
function single(body: unknown): Row {
  const values = Object.values(body as object) as unknown[];
  const [only] = values;
  const wrapped = values.length === 1 && typeof only === "object" && only !== null;
  return (wrapped ? only : body) as Row;
}

/** {"servers": [...], "servers_links": [...]}: the first list that is not of links. */
function collection(body: unknown): Row[] {
  const entries = Object.entries(body as Record<string, unknown>);
  const found = entries.find(([key, value]) => Array.isArray(value) && !key.endsWith("links"));
  return (found?.[1] ?? []) as Row[];
}
