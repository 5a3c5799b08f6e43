/** Moves `stable`, from which production's images are built, to newer commits. */
import { homedir } from "node:os";
import path from "node:path";
import { confirm } from "../lib/prompt.ts";
import { type Command, text, UsageError } from "../command.ts";
import { type Move, planMove, pushMove, repositories, type Store } from "./stableBranch.ts";

const short = (hash: string | undefined): string => hash?.slice(0, 7) ?? "nothing";

/** What is told about one repository. */
function told({ repository, from, to, commits, lost }: Move): string {
  if (from === to) return `${repository}: stable is at ${short(to)} already`;
  const back = lost > 0 ? `, loses ${lost}` : "";
  const head = `${repository}: stable ${short(from)} -> ${short(to)}, ${commits.length} commits${back}`;
  return [head, ...commits.map((line) => `  ${line}`)].join("\n");
}

/** The words as repositories and commits. @throws UsageError if a repository is unknown */
export function asked(
  words: readonly string[],
): readonly (readonly [repository: string, commit: string | undefined])[] {
  if (words.length === 0) return repositories.map((name) => [name, undefined]);
  return words.map((word) => {
    const [name = "", commit] = word.split("=");
    if (!repositories.some((known) => known === name)) {
      throw new UsageError(`there is no repository "${name}"; there are ${repositories.join(", ")}`);
    }
    return [name, commit];
  });
}

export const command: Command = {
  help: `Usage: npm run ops -- packit move-stable [REPOSITORY[=COMMIT]...] [--yes] [--dry-run]

Moves the branch stable to a commit of main (its newest unless said otherwise): production's images are then built from it. All
repositories are looked at and shown first; nothing is pushed before you agree, nor when one of them cannot be moved. A branch that
somebody else has moved meanwhile is left as it is. Next: when the images are built, ops packit import-images.
REPOSITORY is one of ${repositories.join(", ")} (default: all).

  --back             allow moves that take commits away from stable
  --repo-store DIR   where clones are kept (default ~/.cache/orrery/move-stable)
  --remote NAME      name of the remote in the clones (default origin)
  --base URL         what is cloned is this with the repository's name behind it (default https://github.com/packit/)
  --yes              do not ask
  --dry-run          push nothing, show what would be moved
  --json             show it as JSON`,
  options: {
    back: { type: "boolean" },
    "repo-store": { type: "string" },
    remote: { type: "string" },
    base: { type: "string" },
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
    json: { type: "boolean" },
  },
  async run({ values, words }) {
    const store: Store = {
      folder: path.resolve(text(values, "repo-store") ?? path.join(homedir(), ".cache", "orrery", "move-stable")),
      remote: text(values, "remote") ?? "origin",
      base: text(values, "base") ?? "https://github.com/packit/",
    };
    const moves: Move[] = [];
    for (const [repository, commit] of asked(words)) moves.push(await planMove(repository, commit, store));
    if (values.json === true) console.log(JSON.stringify(moves, undefined, 2));
    else for (const move of moves) console.log(told(move));
    const backwards = moves.filter(({ lost }) => lost > 0).map(({ repository }) => repository);
    if (backwards.length > 0 && values.back !== true) {
      throw new Error(`stable of ${backwards.join(", ")} would lose commits; nothing was moved (--back allows it)`);
    }
    const todo = moves.filter(({ from, to }) => from !== to);
    if (values["dry-run"] === true || todo.length === 0) return 0;
    if (
      !(await confirm(`move stable in ${todo.map(({ repository }) => repository).join(", ")}?`, values.yes === true))
    ) {
      console.error("nothing was moved");
      return 1;
    }
    for (const move of todo) {
      await pushMove(move, store);
      console.error(`${move.repository}: moved`);
    }
    return 0;
  },
};
