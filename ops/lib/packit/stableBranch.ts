/** The branch from which production's images are built, in one git repository. */
import { existsSync } from "node:fs";
import path from "node:path";
import { output, run } from "../process.ts";

/** The repositories of whose branches images are built. Source: scripts/move_stable.py */
export const repositories = [
  "packit",
  "packit-service-fedmsg",
  "packit-service-centosmsg",
  "sandcastle",
  "dashboard",
  "tokman",
  "packit-service",
  "hardly",
] as const;

/** Where clones are kept and how their remote is called. */
export interface Store {
  /** Folder with one clone a repository. */
  readonly folder: string;
  readonly remote: string;
  /** What a repository's name is put behind to clone it. */
  readonly base: string;
}

/** What is to happen to one repository's branch. */
export interface Move {
  readonly repository: string;
  /** The clone. */
  readonly folder: string;
  /** Where the branch is; undefined when the remote has none. */
  readonly from: string | undefined;
  readonly to: string;
  /** `<hash> <subject>` of the commits that come in, newest first. */
  readonly commits: readonly string[];
  /** Commits that the branch loses by the move; 0 for a move forward. */
  readonly lost: number;
}

const quiet = { env: { GIT_TERMINAL_PROMPT: "0" } };

async function git(folder: string, ...args: readonly string[]): Promise<string> {
  return (await output("git", args, { cwd: folder, ...quiet })).trim();
}

/** Clones a repository that is not there yet, fetches it otherwise. @returns its folder */
async function fetched(repository: string, { folder, remote, base }: Store): Promise<string> {
  const clone = path.join(folder, repository);
  if (!existsSync(clone)) {
    await output(
      "git",
      ["clone", "--quiet", "--origin", remote, "--no-checkout", `${base}${repository}`, clone],
      quiet,
    );
  }
  await git(clone, "fetch", "--quiet", "--prune", remote, `+refs/heads/*:refs/remotes/${remote}/*`);
  return clone;
}

/** Hash of a commit that a word names, or undefined. */
async function commitOf(folder: string, word: string): Promise<string | undefined> {
  const { status, stdout } = await run("git", ["rev-parse", "--verify", "--quiet", `${word}^{commit}`], {
    cwd: folder,
  });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Looks what a move would do; changes nothing but the clone.
 * @param wanted - a commit of `main`: hash, its beginning, or a tag. @default main's newest
 * @throws if there is no such commit on main
 */
export async function planMove(repository: string, wanted: string | undefined, store: Store): Promise<Move> {
  const folder = await fetched(repository, store);
  const [main, stable] = ["main", "stable"].map((branch) => `refs/remotes/${store.remote}/${branch}`) as [
    string,
    string,
  ];
  const head = await commitOf(folder, main);
  if (head === undefined) throw new Error(`${repository}: ${store.remote} has no branch main`);
  const to = wanted === undefined ? head : await commitOf(folder, wanted);
  if (to === undefined) throw new Error(`${repository}: there is no commit ${wanted ?? ""}; name one of main`);
  const onMain = await run("git", ["merge-base", "--is-ancestor", to, main], { cwd: folder });
  if (onMain.status !== 0) {
    throw new Error(`${repository}: ${wanted ?? to} is not on main; stable holds only what was merged`);
  }
  const from = await commitOf(folder, stable);
  const range = from === undefined ? to : `${from}..${to}`;
  const commits = (await git(folder, "log", "--format=%h %s", range)).split("\n").filter((line) => line !== "");
  const lost = from === undefined ? 0 : Number(await git(folder, "rev-list", "--count", `${to}..${from}`));
  return { repository, folder, from, to, commits, lost };
}

/**
 * Moves the branch on the remote.
 * @throws if it is not where {@link planMove} saw it: someone else has moved it meanwhile
 */
export async function pushMove({ repository, folder, from, to }: Move, { remote }: Store): Promise<void> {
  const lease = `--force-with-lease=refs/heads/stable:${from ?? ""}`;
  const pushed = await run("git", ["push", "--quiet", lease, remote, `${to}:refs/heads/stable`], {
    cwd: folder,
    ...quiet,
  });
  if (pushed.status === 0) return;
  if (/stale info|rejected/.test(pushed.stderr)) {
    throw new Error(`${repository}: stable was moved by someone else meanwhile; check again`);
  }
  throw new Error(`${repository}: git push failed: ${pushed.stderr.trim().split("\n").at(-1) ?? ""}`);
}
