/** The lab's public names as somebody outside asks them: through the router, with the lab's authority. */
import { readFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { request } from "node:https";
import { knownHosts } from "../kubernetes/router/router.ts";
import { authorityFile } from "../kubernetes/router/certificates.ts";
import { nodeNetwork } from "../kubernetes/nodes/plan.ts";
import type { LabSettings } from "../settings.ts";

/** What a server answered; status 0 if it could not be reached. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const patience = 20_000;

/** Asks an address of a host that the lab's DNS knows. */
export function ask(lab: LabSettings, address: string, question: Question = {}): Promise<Answer> {
  const { method = "GET", headers = {}, body } = question;
  const { protocol, hostname, pathname, search } = new URL(address);
  const plain = protocol === "http:";
  const tls = plain ? {} : { servername: hostname, ca: readFileSync(authorityFile(lab)) };
  const options = { host: knownHosts(lab).get(hostname) ?? nodeNetwork(lab).ingress, ...tls, timeout: patience };
  return new Promise((resolve) => {
    const failed = (): void => {
      resolve({ status: 0, body: "" });
    };
    const call = (plain ? plainRequest : request)(
      { ...options, method, path: pathname + search, headers: { host: hostname, ...headers } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", failed);
        incoming.on("end", () => {
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
        });
      },
    );
    call.on("timeout", () => call.destroy());
    call.on("error", failed);
    call.end(body);
  });
}

/** A forge's interface as one of its people. */
export class Person {
  private readonly lab: LabSettings;
  private readonly token: string;
  private readonly api: string;

  /** @param api - address of the interface */
  constructor(lab: LabSettings, token: string, api = "https://api.github.com") {
    this.lab = lab;
    this.token = token;
    this.api = api;
  }

  /** @throws with the forge's message if it refuses */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers = { authorization: `Bearer ${this.token}`, "content-type": "application/json" };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await ask(this.lab, `${this.api}${path}`, { method, headers, ...text });
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(`${this.api} answers ${answer.status} to ${method} ${path}: ${answer.body.slice(0, 300)}`);
    }
    return (answer.body === "" ? undefined : JSON.parse(answer.body)) as T;
  }

  get<T>(path: string): Promise<T> {
    return this.call<T>("GET", path);
  }
}
