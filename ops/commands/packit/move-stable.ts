/** `orrery packit move-stable`. */
import { homedir } from "node:os";
import path from "node:path";
import { confirm } from "../../lib/prompt.ts";
import { defineCommand } from "../../../cli/command.ts";
import { UsageError } from "../../../cli/usage.ts";
import { jsonOption } from "../../lib/options.ts";
import { type Move, planMove, pushMove, repositories, type Store } from "../../lib/packit/stableBranch.ts";

const short = (hash: string | undefined): string => hash?.slice(0, 7) ?? "nothing";

/** A repository in lines. */
function lineOf({ repository, from, to, commits, lost }: Move): string {
  if (from === to) return `${repository}: stable is at ${short(to)} already`;
  const back = lost > 0 ? `, loses ${lost}` : "";
  const head = `${repository}: stable ${short(from)} -> ${short(to)}, ${commits.length} commits${back}`;
  return [head, ...commits.map((line) => `  ${line}`)].join("\n");
}

/** The words as repositories and commits. @throws UsageError if a repository is unknown */
function asked(words: readonly string[]): readonly (readonly [repository: string, commit: string | undefined])[] {
  if (words.length === 0) return repositories.map((name) => [name, undefined]);
  return words.map((word) => {
    const [name = "", commit] = word.split("=");
    if (!repositories.some((known) => known === name)) {
      throw new UsageError(`there is no repository "${name}"; there are ${repositories.join(", ")}`);
    }
    return [name, commit];
  });
}

export const command = defineCommand({
  usage: "[REPOSITORY[=COMMIT]...]",
  about: `Moves the branch stable, from which production's images are built, to newer commits of main (default: its newest). All repositories
are checked and shown first; nothing is pushed before you agree, nor if one of them cannot be moved. A branch that someone else has moved
meanwhile is left as it is. Next: when the images are built, packit import-images. REPOSITORY is one of ${repositories.join(", ")}
(default: all).`,
  options: {
    back: { type: "boolean", help: "allow moves that remove commits from stable" },
    "repo-store": {
      type: "string",
      value: "FOLDER",
      default: path.join(homedir(), ".cache", "orrery", "move-stable"),
      help: "where clones are stored",
    },
    remote: { type: "string", value: "NAME", default: "origin", help: "name of the remote in the clones" },
    base: {
      type: "string",
      value: "URL",
      default: "https://github.com/packit/",
      help: "URL of the repositories, to which the repository's name is appended",
    },
    yes: { type: "boolean", help: "do not ask" },
    "dry-run": { type: "boolean", help: "push nothing, show what would be moved" },
    ...jsonOption,
  },
  async run(values, words) {
    const store: Store = {
      folder: path.resolve(values.repoStore),
      remote: values.remote,
      base: values.base,
    };
    const moves: Move[] = [];
    for (const [repository, commit] of asked(words)) moves.push(await planMove(repository, commit, store));
    if (values.json) console.log(JSON.stringify(moves, undefined, 2));
    else for (const move of moves) console.log(lineOf(move));
    const backwards = moves.filter(({ lost }) => lost > 0).map(({ repository }) => repository);
    if (backwards.length > 0 && !values.back) {
      throw new Error(`stable of ${backwards.join(", ")} would lose commits; nothing was moved (--back allows it)`);
    }
    const todo = moves.filter(({ from, to }) => from !== to);
    if (values.dryRun || todo.length === 0) return 0;
    if (!(await confirm(`move stable in ${todo.map(({ repository }) => repository).join(", ")}?`, values.yes))) {
      console.error("nothing was moved");
      return 1;
    }
    for (const move of todo) {
      await pushMove(move, store);
      console.error(`${move.repository}: moved`);
    }
    return 0;
  },
});
