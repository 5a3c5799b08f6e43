/** Bare repositories of Debian's git: what a forge's API does to them, and git's own protocol over HTTP. */
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";

/** Folder of all repositories, one below the folder of its owner. */
const home = process.env.GIT_HOME ?? "/data/git";

/** Someone whose name is in a commit. */
export interface Author {
  readonly name: string;
  readonly email: string;
}

export const authorOf = (login: string): Author => ({ name: login, email: `${login}@users.noreply.github.com` });

/** A command of git that failed, with its messages. */
class GitError extends Error {
  readonly code: number;
  readonly stdout: string;

  constructor(args: readonly string[], code: number, stdout: string, stderr: string) {
    super(`git ${args[0] ?? ""} ended with ${code}: ${stderr.trim()}`);
    this.code = code;
    this.stdout = stdout;
  }
}

/** A file that a change touches. */
export interface ChangedFile {
  readonly filename: string;
  readonly status: string;
  readonly additions: number;
  readonly deletions: number;
  readonly patch: string;
}

/** A commit as `git log` knows it. */
export interface Commit {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Author;
  readonly date: string;
  readonly message: string;
}

/** One bare repository. */
export class GitRepository {
  readonly folder: string;

  constructor(fullName: string) {
    this.folder = path.join(home, `${fullName}.git`);
  }

  async create(branch: string): Promise<void> {
    mkdirSync(this.folder, { recursive: true });
    await this.run(["init", "--bare", "--quiet", `--initial-branch=${branch}`]);
    for (const [key, value] of [
      ["http.receivepack", "true"],
      // clonerefs and Prow's git client fetch commits by their hashes.
      ["uploadpack.allowAnySHA1InWant", "true"],
    ] as const) {
      await this.run(["config", key, value]);
    }
  }

  /** Takes all branches of another repository. */
  async copy(from: GitRepository, branch: string): Promise<void> {
    await this.create(branch);
    await this.run(["fetch", "--quiet", from.folder, "+refs/heads/*:refs/heads/*"]);
  }

  async run(args: readonly string[], input = "", env: NodeJS.ProcessEnv = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { cwd: this.folder, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
      const child = execFile("git", [...args], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new GitError(args, typeof error.code === "number" ? error.code : 1, stdout, stderr));
      });
      // Most commands read nothing, and may have ended.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input);
    });
  }

  /** Commit of a ref or an abbreviated hash; undefined if there is none. */
  async resolve(name: string): Promise<string | undefined> {
    const found = await this.run(["rev-parse", "--verify", "--quiet", `${name}^{commit}`]).catch(() => "");
    return found.trim() === "" ? undefined : found.trim();
  }

  /** Branches and tags with their commits, by the full name of the ref. */
  async refs(): Promise<ReadonlyMap<string, string>> {
    const lines = (await this.run(["for-each-ref", "--format=%(refname) %(objectname)"])).trim().split("\n");
    return new Map(lines.filter(Boolean).map((line) => line.split(" ") as [string, string]));
  }

  async setRef(ref: string, sha: string): Promise<void> {
    await this.run(["update-ref", ref, sha]);
  }

  async deleteRef(ref: string): Promise<void> {
    await this.run(["update-ref", "-d", ref]);
  }

  /** Makes the commits of another repository known under a ref of this one. */
  async fetch(from: GitRepository, sha: string, ref: string): Promise<void> {
    await this.run(["fetch", "--quiet", "--no-tags", from.folder, `+${sha}:${ref}`]);
  }

  /** Content of a file; undefined if there is none. */
  async file(commit: string, name: string): Promise<string | undefined> {
    return this.run(["show", `${commit}:${name}`]).catch(() => undefined);
  }

  /** Names of a folder with `tree` or `blob` and their hashes; undefined if there is no such folder. */
  async list(
    commit: string,
    name: string,
  ): Promise<readonly { type: string; sha: string; name: string }[] | undefined> {
    const out = await this.run(["ls-tree", `${commit}:${name}`]).catch(() => undefined);
    return out
      ?.split("\n")
      .filter(Boolean)
      .map((line) => {
        const [meta = "", entry = ""] = line.split("\t");
        const [, type = "", sha = ""] = meta.split(" ");
        return { type, sha, name: entry };
      });
  }

  /** Commits that `head` has and `base` has not, oldest first. */
  async commits(base: string, head: string): Promise<readonly Commit[]> {
    const format = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%B%x01";
    const out = await this.run(["log", "--reverse", `--format=${format}`, `${base}..${head}`]);
    return out
      .split("\x01")
      .map((text) => text.replace(/^\n/, ""))
      .filter(Boolean)
      .map((text) => {
        const [sha = "", tree = "", parents = "", name = "", email = "", date = "", message = ""] = text.split("\0");
        return {
          ...{ sha, tree, date, author: { name, email }, message: message.trimEnd() },
          parents: parents.split(" ").filter(Boolean),
        };
      });
  }

  async commit(sha: string): Promise<Commit | undefined> {
    const parent = await this.resolve(`${sha}^`);
    return parent === undefined
      ? (await this.commits("4b825dc642cb6eb9a060e54bf8d69288fbee4904", sha).catch(() => [])).at(-1)
      : (await this.commits(parent, sha)).at(-1);
  }

  mergeBase(one: string, other: string): Promise<string> {
    return this.run(["merge-base", one, other]).then((out) => out.trim());
  }

  /** What `head` changes since it left `base`. */
  async changes(base: string, head: string): Promise<readonly ChangedFile[]> {
    const from = await this.mergeBase(base, head);
    const rows = (await this.run(["diff", "--no-renames", "--numstat", from, head])).trim().split("\n").filter(Boolean);
    const kinds = new Map(
      (await this.run(["diff", "--no-renames", "--name-status", from, head]))
        .trim()
        .split("\n")
        .map((line) => line.split("\t").toReversed() as [string, string]),
    );
    const names: Readonly<Record<string, string>> = { A: "added", M: "modified", D: "removed" };
    return Promise.all(
      rows.map(async (row) => {
        const [additions, deletions, filename = ""] = row.split("\t");
        const text = await this.run(["diff", "--no-renames", from, head, "--", filename]);
        return {
          ...{ filename, status: names[kinds.get(filename) ?? ""] ?? "modified" },
          ...{ additions: Number(additions) || 0, deletions: Number(deletions) || 0 },
          patch: text.slice(Math.max(0, text.indexOf("@@"))),
        };
      }),
    );
  }

  /** Commits that `head` has and `base` has not, as `git am` takes them. */
  patch(base: string, head: string): Promise<string> {
    return this.run(["format-patch", "--stdout", `${base}..${head}`]);
  }

  /** The tree of a merge; undefined where the two conflict. */
  async mergeTree(base: string, head: string): Promise<string | undefined> {
    try {
      return (await this.run(["merge-tree", "--write-tree", base, head])).split("\n")[0];
    } catch (error) {
      if (error instanceof GitError && error.code === 1) return undefined;
      throw error;
    }
  }

  async makeCommit(tree: string, parents: readonly string[], message: string, author: Author): Promise<string> {
    const by = { GIT_AUTHOR_NAME: author.name, GIT_AUTHOR_EMAIL: author.email };
    const env = { ...by, GIT_COMMITTER_NAME: "forge", GIT_COMMITTER_EMAIL: "noreply@lab.invalid" };
    const flags = parents.flatMap((parent) => ["-p", parent]);
    return (await this.run(["commit-tree", ...flags, tree], message, env)).trim();
  }

  /** A tree like that of `parent` with one file more, changed, or (without `content`) less. */
  async changedTree(parent: string | undefined, name: string, content: Buffer | undefined): Promise<string> {
    const index = path.join(
      this.folder,
      `index-${createHash("sha256")
        .update(`${parent ?? ""}${name}`)
        .digest("hex")}`,
    );
    const env = { GIT_INDEX_FILE: index };
    try {
      if (parent !== undefined) await this.run(["read-tree", parent], "", env);
      if (content === undefined) await this.run(["update-index", "--force-remove", name], "", env);
      else {
        const blob = (await this.run(["hash-object", "-w", "--stdin"], content.toString("utf8"))).trim();
        await this.run(["update-index", "--add", "--cacheinfo", `100644,${blob},${name}`], "", env);
      }
      return (await this.run(["write-tree"], "", env)).trim();
    } finally {
      if (existsSync(index)) rmSync(index);
    }
  }
}

/** Serves git's own protocol of one repository, by git's CGI program. @param user - who pushes; undefined refuses a push */
export function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  target: { readonly fullName: string; readonly rest: string; readonly query: string },
  user: string | undefined,
): Promise<void> {
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: home,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: `/${target.fullName}.git/${target.rest}`,
      QUERY_STRING: target.query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      ...(user === undefined ? {} : { REMOTE_USER: user }),
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    let begun = false;
    child.on("error", reject);
    child.stdout.on("data", (chunk: Buffer) => {
      if (begun) {
        response.write(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      begun = true;
      const headers = head
        .subarray(0, end)
        .toString()
        .split("\r\n")
        .map((line) => line.split(": ") as [string, string]);
      const status = headers.find(([name]) => name === "Status")?.[1] ?? "200";
      response.writeHead(
        Number.parseInt(status, 10),
        Object.fromEntries(headers.filter(([name]) => name !== "Status")),
      );
      response.write(head.subarray(end + 4));
    });
    child.on("close", () => {
      if (!begun) response.writeHead(500);
      response.end(resolve);
    });
  });
}
