/** A small client of GitHub's API for the scripts of CI jobs. */

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
export function github(env: NodeJS.ProcessEnv = process.env): GitHub {
  const repository = required(env, "GITHUB_REPOSITORY");
  const token = required(env, "GITHUB_TOKEN");
  const base = `${env.GITHUB_API_URL ?? "https://api.github.com"}/repos/${repository}`;

  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        "x-github-api-version": "2022-11-28",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok)
      throw new Error(`GitHub responded with ${answer.status} to ${method} ${path}: ${text.slice(0, 300)}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
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
