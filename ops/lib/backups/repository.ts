/** A repository of restic, as commands read it: without a lock, so that a login that may only read is enough. */
import { checkedTag } from "../../../blocks/restic.ts";
import { run, type Ran } from "../process.ts";
import { withoutLogins } from "../state/backend/backend.ts";

/** Where backups are, and what opens them. */
export interface RepositoryLogin {
  /** As restic names it: `s3:https://HOST/BUCKET/FOLDER`. */
  readonly url: string;
  /** RESTIC_PASSWORD, and the bucket's login in AWS's variables. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

/** One backup. */
export interface Snapshot {
  readonly id: string;
  readonly time: Date;
  /** Whether the repository was checked after it, and was whole. */
  readonly checked: boolean;
}

/** A repository with its login. */
export class Repository {
  private readonly login: RepositoryLogin;
  private readonly signal: AbortSignal | undefined;

  /** @param signal - ends what restic does */
  constructor(login: RepositoryLogin, signal?: AbortSignal) {
    this.login = login;
    this.signal = signal;
  }

  /** The backups of a data set, the newest first; none where there is no repository yet. @throws if it does not answer */
  async snapshots(host: string): Promise<readonly Snapshot[]> {
    const ran = await this.restic(["snapshots", "--json", "--host", host], 120);
    if (isMissing(ran)) return [];
    const found = JSON.parse(this.printed(ran) || "null") as
      { readonly id: string; readonly time: string; readonly tags?: readonly string[] }[] | null;
    return (found ?? [])
      .map(({ id, time, tags = [] }) => ({ id, time: new Date(time), checked: tags.includes(checkedTag) }))
      .toSorted((a, b) => b.time.getTime() - a.time.getTime());
  }

  /** Bytes that a backup has when it is restored. */
  async size({ id }: Snapshot): Promise<number> {
    const printed = this.printed(await this.restic(["stats", "--json", "--mode", "restore-size", id], 120));
    return (JSON.parse(printed) as { total_size: number }).total_size;
  }

  /** Reads all data of the repository. @returns what is damaged; undefined if it is whole */
  async check(): Promise<string | undefined> {
    const ran = await this.restic(["check", "--read-data"], longest);
    if (ran.status === 0) return undefined;
    const lines = ran.stderr.split("\n").map((line) => line.trim());
    return lines.find((line) => /error|damaged|does not match|missing/i.test(line)) ?? reason(ran);
  }

  /** Restores a backup into a folder. @throws if a part of it cannot be read */
  async restore({ id }: Snapshot, folder: string): Promise<void> {
    this.printed(await this.restic(["restore", id, "--target", folder], longest));
  }

  /** Calls restic. @param timeout - in seconds */
  private restic(words: readonly string[], timeout: number): Promise<Ran> {
    const env = { ...this.login.env, RESTIC_REPOSITORY: this.login.url };
    const options = { env, timeout, ...(this.signal === undefined ? {} : { signal: this.signal }) };
    return run("restic", ["--no-lock", "--no-cache", ...words], options);
  }

  private printed(ran: Ran): string {
    if (ran.status === 0) return ran.stdout;
    const place = withoutLogins(this.login.url);
    if (/wrong password/.test(ran.stderr)) throw new Error(`${place}: the password is not the repository's`);
    throw new Error(`${place}: ${reason(ran)}`);
  }
}

/**
 * Whether the place answers and holds no repository. Restic before 0.17 asks "Is there a repository at the following location?"
 * whatever happened, also where nobody answers: the line before says what did.
 */
function isMissing({ status, stderr }: Ran): boolean {
  const said =
    /^Fatal: unable to open config file: (?:Stat: The specified (?:key|bucket) does not exist|stat .*: no such file or directory)/m;
  return status === 10 || (status !== 0 && said.test(stderr));
}

/** Seconds that reading a whole repository may take. */
const longest = 6 * 3600;

/** Restic's own error, without its retries. */
export function reason({ stderr, status }: Ran): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const fatal = lines.find((line) => line.startsWith("Fatal:")) ?? lines.findLast((line) => line !== "");
  return fatal?.replace(/^Fatal: /, "") ?? `restic ended with ${status}`;
}
