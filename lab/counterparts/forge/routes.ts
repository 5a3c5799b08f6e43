/** How a forge's REST interface is declared: `GET /repos/:owner/:repo/labels` and what answers it. */
import type { IncomingMessage } from "node:http";

export interface Reply {
  readonly status: number;
  /** Becomes JSON. */
  readonly body?: unknown;
  /** Text instead of JSON. */
  readonly text?: string;
}

/** What every request has. */
export interface BodyOf {
  readonly body: Readonly<Record<string, unknown>>;
}

export type HandlerOf<Call> = (call: Call) => Reply | Promise<Reply>;
export type RoutesOf<Call> = Readonly<Record<string, HandlerOf<Call>>>;

/** An answer other than success. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const created = (body: unknown): Reply => ({ status: 201, body });
export const nothing: Reply = { status: 204 };
export const missing = (what: string): Refusal => new Refusal(404, `${what} not found`);

/** The handler of a request and the parts of its path; undefined if there is none. */
export function routeOf<Call>(
  routes: RoutesOf<Call>,
  method: string,
  pathname: string,
): { readonly handler: HandlerOf<Call>; readonly path: Readonly<Record<string, string>> } | undefined {
  for (const [declared, handler] of Object.entries(routes)) {
    const [verb, pattern = ""] = declared.split(" ");
    if (verb !== method) continue;
    const source = pattern.replace(/:(\w+)/g, "(?<$1>[^/]+)").replace("*", "(?<rest>.*)");
    const found = new RegExp(`^${source}/?$`).exec(pathname);
    if (found === null) continue;
    const parts = Object.entries(found.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
    return { handler, path: Object.fromEntries(parts) as Record<string, string> };
  }
  return undefined;
}

/** The answer of a handler, or that of its refusal. */
export async function answered(work: () => Reply | Promise<Reply>): Promise<Reply> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, body: { message: error.message } };
    throw error;
  }
}

/** Text of the body. @throws {Refusal} if it is missing */
export function text({ body }: BodyOf, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new Refusal(422, `${name} is missing`);
  return value;
}

/** Text of the body, or what stands for it. */
export function optional({ body }: BodyOf, name: string, fallback = ""): string {
  const value = body[name];
  return typeof value === "string" ? value : fallback;
}

/** Texts of the body; the empty list if there are none. */
export function texts({ body }: BodyOf, name: string): readonly string[] {
  const value = body[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** The fields of a request's JSON; none without a body. */
export async function bodyOf(request: IncomingMessage): Promise<BodyOf["body"]> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const sent = Buffer.concat(chunks).toString();
  return sent === "" ? {} : (JSON.parse(sent) as BodyOf["body"]);
}
