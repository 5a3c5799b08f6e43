/** The part of Flower's HTTP API that draining uses (flower 2.0). */
import { setTimeout as sleep } from "node:timers/promises";

/** How Flower is reached; its address may be another one at the next request. */
export interface Way {
  address(): Promise<string>;
}

/** The way to an address that stays. */
export const at = (address: string): Way => ({ address: () => Promise.resolve(address) });

/** What Flower knows of a Celery worker. */
export interface WorkerState {
  /** Queues that it takes tasks from. */
  readonly queues: readonly string[];
  /** Tasks that run, wait in the worker, or wait there for their time: by their ids. */
  readonly active: readonly string[];
  readonly reserved: readonly string[];
  readonly scheduled: readonly string[];
  /** When the worker last answered, seconds of Flower's clock. */
  readonly seen: number;
}

interface Task {
  readonly id?: string;
  readonly request?: { readonly id: string };
}

interface RawWorker {
  readonly active_queues?: readonly { readonly name: string }[] | null;
  readonly active?: readonly Task[] | null;
  readonly reserved?: readonly Task[] | null;
  readonly scheduled?: readonly Task[] | null;
  readonly timestamp?: number;
}

/** Flower by some way, with the login of FLOWER_BASIC_AUTH. */
export class Flower {
  private readonly way: Way;
  private readonly authorization: string;

  constructor(way: Way, basicAuth: string) {
    this.way = way;
    this.authorization = `Basic ${Buffer.from(basicAuth).toString("base64")}`;
  }

  /** Names of the workers that are there, `<queue>@<pod>`. */
  async online(): Promise<readonly string[]> {
    const status = (await this.ask("GET", "/api/workers?status=true")) as Readonly<Record<string, boolean>>;
    return Object.entries(status)
      .filter(([, up]) => up)
      .map(([name]) => name);
  }

  /** Asks a worker how it is. It is undefined when the worker is unknown. */
  async state(worker: string): Promise<WorkerState | undefined> {
    const query = new URLSearchParams({ refresh: "true", workername: worker });
    const found = (await this.ask("GET", `/api/workers?${query.toString()}`, [404])) as
      Readonly<Record<string, RawWorker>> | undefined;
    const raw = found?.[worker];
    if (raw === undefined) return undefined;
    const ids = (tasks: RawWorker["active"]): string[] =>
      (tasks ?? []).map(({ id, request }) => id ?? request?.id ?? "?");
    return {
      queues: (raw.active_queues ?? []).map(({ name }) => name),
      active: ids(raw.active),
      reserved: ids(raw.reserved),
      scheduled: ids(raw.scheduled),
      seen: raw.timestamp ?? 0,
    };
  }

  /** The worker takes no further task from the queue. */
  async cancelConsumer(worker: string, queue: string): Promise<void> {
    await this.ask("POST", `/api/worker/queue/cancel-consumer/${encodeURIComponent(worker)}?queue=${queue}`);
  }

  /** The worker takes tasks from the queue again. */
  async addConsumer(worker: string, queue: string): Promise<void> {
    await this.ask("POST", `/api/worker/queue/add-consumer/${encodeURIComponent(worker)}?queue=${queue}`);
  }

  private async send(method: "GET" | "POST", path: string): Promise<Response> {
    const address = (await this.way.address()).replace(/\/$/, "");
    const headers = { authorization: this.authorization };
    const signal = AbortSignal.timeout(30_000);
    return fetch(`${address}${path}`, { method, headers, signal }).catch((error: unknown) => {
      throw new Error(`Flower at ${address} does not answer: ${reason(error)}`);
    });
  }

  private async ask(method: "GET" | "POST", path: string, absent: readonly number[] = []): Promise<unknown> {
    // Once more, as the first one may find that the way has broken off; all requests can be repeated.
    const answer = await this.send(method, path).catch(async () => {
      await sleep(1000);
      return this.send(method, path);
    });
    if (answer.ok) return answer.json();
    if (absent.includes(answer.status)) return undefined;
    if (answer.status === 401)
      throw new Error("Flower refuses the login; it is FLOWER_BASIC_AUTH of dials-etl-secrets");
    throw new Error(
      `Flower answered ${answer.status} to ${method} ${path.split("?")[0] ?? ""}: ${(await answer.text()).slice(0, 200).trim()}`,
    );
  }
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
