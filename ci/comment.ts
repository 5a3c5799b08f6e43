/**
 * `node ci/comment.ts FOLDER`: posts a review to its pull request, or replaces the earlier comment.
 *
 * It has permission to write comments, and its input comes from an unprivileged job that ran untrusted code. So it verifies the input:
 * the pull request of that number must be at the commit that the job ran for, and the report must start with our marker.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { marker } from "../review/report/markdown.ts";
import { type GitHub, github, mostCharacters, run, required } from "./github.ts";

interface Comment {
  readonly id: number;
  readonly body?: string | null;
  readonly user: { readonly login: string } | null;
}

/** The author of comments that a job's token writes. */
const author = "github-actions[bot]";

run("comment", async () => {
  const folder = process.argv[2];
  if (folder === undefined || folder.startsWith("-")) throw new Error("Usage: node ci/comment.ts FOLDER");
  console.log(await comment(folder, required(process.env, "HEAD_SHA"), github()));
  return 0;
});

async function comment(folder: string, sha: string, hub: GitHub): Promise<string> {
  const text = readFileSync(path.join(folder, "review.md"), "utf8");
  if (!text.startsWith(marker)) throw new Error(`review.md does not begin with ${marker}, so it is not a review`);
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
