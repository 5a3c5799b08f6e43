/**
 * `node ci/run.mjs comment FOLDER`: posts a review to its pull request, or replaces the earlier comment.
 *
 * It has permission to write comments. The report was made by main's code, in another job, from renders that the pull request's own
 * code has made: so the number and the text are still a stranger's words. The pull request of that number must be at the commit
 * that the renders were made at, and the comment begins with where it comes from.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { type GitHub, github, mostCharacters, run, required } from "./github.ts";

interface Comment {
  readonly id: number;
  readonly body?: string | null;
  readonly user: { readonly login: string } | null;
}

/** First line of a comment, by which the earlier one is found. */
const marker = "<!-- orrery-review -->";

/** First line of a report. It is not imported: the job that may write comments installs no packages. */
const title = "## What this changes\n";

/** The author of comments that a job's token writes. */
const author = "github-actions[bot]";

/** The first words of a comment, outside of the report. */
const notice =
  "> Made by the code of this pull request: it rendered itself, without permissions and secrets. Main's code compared the renders.";

run("comment", async () => {
  const folder = process.argv[2];
  if (folder === undefined || folder.startsWith("-")) throw new Error("Usage: node ci/run.mjs comment FOLDER");
  console.log(await comment(folder, required(process.env, "HEAD_SHA"), github()));
  return 0;
});

async function comment(folder: string, sha: string, hub: GitHub): Promise<string> {
  const report = readFileSync(path.join(folder, "review.md"), "utf8");
  if (!report.startsWith(title))
    throw new Error(`review.md does not begin with ${title.trim()}, so it is not a review`);
  const text = `${marker}\n${notice}\n\n${report}`;
  if (text.length > mostCharacters)
    throw new Error(`review.md has ${text.length} characters; a comment takes ${mostCharacters}`);
  const number = readFileSync(path.join(folder, "number"), "utf8").trim();
  if (!/^[1-9]\d{0,9}$/.test(number))
    throw new Error('the file "number" does not contain the number of a pull request');
  const pull = await hub.get<{ readonly head: { readonly sha: string } }>(`/pulls/${number}`);
  if (pull.head.sha !== sha) return `pull request ${number} is no longer at ${sha}: nothing to post`;
  const all = await hub.list<Comment>(`/issues/${number}/comments`);
  const [own, ...more] = all.filter(({ user, body }) => user?.login === author && body?.startsWith(marker) === true);
  for (const { id } of more) await hub.send("DELETE", `/issues/comments/${id}`);
  if (own === undefined) await hub.send("POST", `/issues/${number}/comments`, { body: text });
  else await hub.send("PATCH", `/issues/comments/${own.id}`, { body: text });
  return `pull request ${number}: review ${own === undefined ? "posted" : "replaced"}`;
}
