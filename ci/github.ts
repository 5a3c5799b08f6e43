/** A small client of GitHub's API for the scripts of CI jobs. */
import { setTimeout as sleep } from "node:timers/promises";

/** A repository on GitHub. */
export interface GitHub {
  /** `owner/name`. */
  readonly repository: string;
  get<T>(path: string): Promise<T>;
  /** All pages of a list. */
  list<T>(path: string): Promise<readonly T[]>;
  send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<T>;
}

const perPage = 100;

/** Longest text of a comment or issue; GitHub's limit is 65536 characters. */
export const mostCharacters = 65_000;

/** A client for the repository GITHUB_REPOSITORY; paths are relative to it. @throws naming a missing variable */
export function github(env: NodeJS.ProcessEnv = process.env, limits = usual): GitHub {
  const repository = required(env, "GITHUB_REPOSITORY");
  const token = required(env, "GITHUB_TOKEN");
  const base = `${env.GITHUB_API_URL ?? "https://api.github.com"}/repos/${repository}`;

  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const request = {
      method,
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        "x-github-api-version": "2022-11-28",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    for (let tried = 1; ; tried++) {
      const answer = await attempt(`${base}${path}`, request, limits.seconds);
      if ("text" in answer && answer.status < 300)
        return (answer.text === "" ? undefined : JSON.parse(answer.text)) as T;
      if (tried === limits.tries || !mayRepeat(method, answer)) {
        if (!("text" in answer)) throw new Error(`GitHub does not answer ${method} ${path}: ${answer.failed}`);
        throw new Error(`GitHub responded with ${answer.status} to ${method} ${path}: ${answer.text.slice(0, 300)}`);
      }
      await sleep((("text" in answer ? answer.wait : undefined) ?? limits.pause * tried) * 1000);
    }
  }

  async function list<T>(path: string): Promise<readonly T[]> {
    const found: T[] = [];
    for (let page = 1; ; page++) {
      const more = await call<T[]>("GET", `${path}${path.includes("?") ? "&" : "?"}per_page=${perPage}&page=${page}`);
      found.push(...more);
      if (more.length < perPage) return found;
    }
  }

  return { repository, get: (path) => call("GET", path), list, send: call };
}

/** How long an answer may take, how often it is asked for, and the pause before the second time; seconds. */
const usual = { seconds: 30, tries: 4, pause: 2 };

/** Longest pause that GitHub may ask for, seconds. */
const longestWait = 120;

type Answer =
  { readonly status: number; readonly text: string; readonly wait: number | undefined } | { readonly failed: string };

async function attempt(url: string, request: RequestInit, seconds: number): Promise<Answer> {
  try {
    const answer = await fetch(url, { ...request, redirect: "error", signal: AbortSignal.timeout(seconds * 1000) });
    const after = Number(answer.headers.get("retry-after") ?? Number.NaN);
    const wait = Number.isFinite(after) ? Math.min(after, longestWait) : undefined;
    return { status: answer.status, text: await answer.text(), wait };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { failed: cause instanceof Error ? cause.message : String(cause) };
  }
}

/** Whether asking again may help, and does nothing twice: what was posted may have arrived although no answer came. */
function mayRepeat(method: string, answer: Answer): boolean {
  if ("text" in answer && (answer.status === 429 || (answer.status === 403 && answer.wait !== undefined))) return true;
  return method !== "POST" && (!("text" in answer) || answer.status >= 500);
}

/** A variable of the job. @throws if it is not set */
export function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set; a job of GitHub Actions sets it`);
  return value;
}

/** Runs a script's main function; an error becomes one line on stderr and exit code 1. */
export function run(name: string, main: () => Promise<number>): void {
  main().then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
