/** A user of a hub, as a browser would be: cookies, forms with their XSRF tokens, redirects. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

type StepName = "login" | "start" | "open" | "stop";

/** One thing that a user did. */
export interface Event {
  readonly user: string;
  readonly step: StepName;
  readonly ok: boolean;
  readonly seconds: number;
  readonly detail?: string;
}

/** Who logs in where. */
interface Visitor {
  /** With the hub's base path, without a final slash: https://hub.example.org/jupyter. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Seconds that a server may take to start. */
  readonly timeout: number;
  /** Take any certificate. */
  readonly insecure: boolean;
  /** Where to connect to instead of looking the name up. */
  readonly address?: string;
}

/** A user's session. */
export interface Session {
  /** Performs a step and reports the result. @returns whether it went well */
  step(name: StepName, report: (event: Event) => void): Promise<boolean>;
  /** A page as this user gets it, after redirects. */
  page(path: string): Promise<Page>;
}

interface Page {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
}

/** A new session; nothing is asked before its first step. */
export function session(visitor: Visitor): Session {
  const browser = new Browser(visitor);
  const steps: Readonly<Record<StepName, () => Promise<void>>> = {
    login: () => login(browser, visitor),
    start: () => start(browser, visitor),
    open: async () => {
      expectOk(await browser.follow(`/user/${visitor.user}/tree`));
    },
    stop: () => stop(browser, visitor),
  };
  return {
    page: (path) => browser.follow(path),
    async step(name, report) {
      const begin = performance.now();
      const done = (ok: boolean, detail?: string): boolean => {
        const seconds = (performance.now() - begin) / 1000;
        report({ user: visitor.user, step: name, ok, seconds, ...(detail === undefined ? {} : { detail }) });
        return ok;
      };
      return steps[name]().then(
        () => done(true),
        (error: unknown) => done(false, error instanceof Error ? error.message : String(error)),
      );
    },
  };
}

async function login(browser: Browser, { user, password }: Visitor): Promise<void> {
  expectOk(await browser.follow("/hub/login"));
  const form = new URLSearchParams({ username: user, password, _xsrf: browser.cookie("_xsrf") });
  const answer = await browser.request("POST", "/hub/login", form);
  if (answer.status !== 302) throw new Error(`the login answered ${answer.status}`);
}

async function start(browser: Browser, { user, timeout }: Visitor): Promise<void> {
  const answer = await browser.api("POST", `/hub/api/users/${user}/server`);
  if (![201, 202, 400].includes(answer.status)) throw new Error(`the start answered ${answer.status}: ${said(answer)}`);
  const end = Date.now() + timeout * 1000;
  for (;;) {
    const { status, text } = await browser.api("GET", `/hub/api/users/${user}`);
    const model = status === 200 ? (JSON.parse(text) as { server?: string | null; pending?: string | null }) : {};
    if (typeof model.server === "string" && (model.pending ?? null) === null) return;
    if (status === 200 && (model.pending ?? null) === null) throw new Error("the server did not start");
    if (Date.now() > end) throw new Error(`the server did not start within ${timeout} s`);
    await sleep(1000);
  }
}

async function stop(browser: Browser, { user }: Visitor): Promise<void> {
  const answer = await browser.api("DELETE", `/hub/api/users/${user}/server`);
  if (![202, 204].includes(answer.status)) throw new Error(`the stop answered ${answer.status}: ${said(answer)}`);
}

function said({ text }: Page): string {
  return text
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 200);
}

function expectOk(page: Page): void {
  if (page.status !== 200) throw new Error(`the page answered ${page.status}: ${said(page)}`);
}

/** Keeps cookies and follows redirects within the hub. */
class Browser {
  private readonly cookies = new Map<string, { readonly value: string; readonly path: string }>();
  private readonly visitor: Visitor;

  constructor(visitor: Visitor) {
    this.visitor = visitor;
  }

  /** Value of the hub's cookie of that name. */
  cookie(name: string): string {
    const found = [...this.cookies].find(([key]) => key.startsWith(`${name} `) && key.includes("/hub/"));
    return found?.[1].value ?? "";
  }

  api(method: string, path: string): Promise<Page> {
    return this.request(method, path, undefined, {
      "x-xsrftoken": this.cookie("_xsrf"),
      referer: `${this.visitor.url}/hub/home`,
    });
  }

  async follow(path: string): Promise<Page> {
    let page = await this.request("GET", path);
    for (let hops = 0; hops < 20 && page.location !== undefined; hops++)
      page = await this.request("GET", page.location);
    return page;
  }

  request(method: string, path: string, form?: URLSearchParams, more: Record<string, string> = {}): Promise<Page> {
    const base = new URL(this.visitor.url);
    // Redirects are full paths or addresses, our own paths follow the base.
    const full = /^https?:/.test(path) || path.startsWith(`${base.pathname}/`) ? path : `${base.pathname}${path}`;
    const url = new URL(full, base);
    const body = form?.toString();
    const headers = {
      host: base.host,
      cookie: this.cookiesFor(url.pathname),
      ...(body === undefined
        ? {}
        : { "content-type": "application/x-www-form-urlencoded", "content-length": Buffer.byteLength(body) }),
      ...more,
    };
    // An IPv6 address is in brackets; TLS names no server by its address.
    const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const options = {
      method,
      headers,
      host: this.visitor.address ?? hostname,
      port: url.port,
      path: `${url.pathname}${url.search}`,
      servername: isIP(hostname) === 0 ? hostname : "",
      rejectUnauthorized: !this.visitor.insecure,
      timeout: 60_000,
    };
    return new Promise((resolve, reject) => {
      const sent = (url.protocol === "https:" ? httpsRequest : httpRequest)(options, (answer) => {
        this.keep(answer.headers["set-cookie"] ?? [], url.pathname);
        let text = "";
        answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 0, text, location: answer.headers.location });
        });
      });
      sent.on("timeout", () => sent.destroy(new Error(`${url.pathname} did not answer within 60 s`)));
      sent.on("error", reject);
      sent.end(body);
    });
  }

  private cookiesFor(path: string): string {
    return [...this.cookies]
      .filter(([, cookie]) => path.startsWith(cookie.path))
      .sort(([, one], [, other]) => other.path.length - one.path.length)
      .map(([key, { value }]) => `${key.split(" ")[0] ?? ""}=${value}`)
      .join("; ");
  }

  private keep(lines: readonly string[], requested: string): void {
    for (const line of lines) {
      const [pair = "", ...attributes] = line.split(/;\s*/);
      const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      const path = attributes.map((one) => /^path=(.*)$/i.exec(one)?.[1]).find((one) => one !== undefined) ?? requested;
      this.cookies.set(`${name} ${path}`, { value: value.replace(/^"|"$/g, ""), path });
    }
  }
}
