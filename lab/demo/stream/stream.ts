/** Stream at work: what a merge request to source-git sets off, hop by hop, with the evidence of each. */
import type { Run } from "../../pulumi.ts";
import { amend, close, fileOf, mergeRequest } from "../gitlab.ts";
import type { Scene } from "../pictures.ts";
import { until } from "../until.ts";
import { groups, projects, type StreamAtWork } from "./deploy.ts";
import { checked, connect, deliver, signedToken, noteWith, offeredToken, synchronise } from "./steps.ts";

/** Prints a hop and its evidence. */
type Tell = (hop: string, evidence: string) => void;

/** Plays a merge request. @returns the pages to look at. @throws naming the hop that did not happen */
export async function playStream(run: Run, stream: StreamAtWork, tell: Tell): Promise<readonly Scene[]> {
  const { alice, bob } = stream;
  tell(
    "stand-ins take the places of Packit's and hardly's own code, which is in no package",
    "Apache with mod_wsgi, Celery, Redis, PostgreSQL 12, Alembic, ogr, python-gitlab, PyJWT, git and OpenSSH are real",
  );
  const token = await offeredToken(run, stream);
  tell(
    "a webhook without a token is refused, and the service tells the project's owners theirs in a confidential issue",
    `${projects.source}: Packit Authentication`,
  );
  const forged = await deliver(
    run,
    stream,
    signedToken({ namespace: groups.source }, "not the secret"),
    projects.source,
  );
  const foreign = await deliver(run, stream, token, projects.dist);
  tell("a token that somebody else signed is refused, and so is one of another group", `status ${forged}, ${foreign}`);

  // The service's people sign dist-git's, whose projects it has not heard of.
  await connect(stream, token, signedToken({ namespace: groups.dist }, stream.tokenSecret));
  const done = await synchronise(run, stream, "Says the time.\n\nBugzilla: 1234567");
  const { source, dist, event, work } = done;
  tell("bob opens a merge request to source-git from his fork", source.web_url);
  tell(
    "its webhook goes by Route, Apache, Redis and worker to a row of PostgreSQL",
    `${event.subject}, ${event.worker}`,
  );
  const patch = (await fileOf(alice, dist, "hello.spec")).split("\n").find((line) => line.startsWith("Patch"));
  tell("the worker pushes its commits as patches to a fork of dist-git, by SSH with the stack's key", String(patch));
  tell("it opens the merge request to dist-git with the account's token", `${work.output} by ${dist.author.username}`);
  tell("and says so at source-git", (await noteWith(stream, source, "Dist-git MR")).split("\n")[0] ?? "");

  tell(
    "alice runs a pipeline in dist-git; its webhook's outcome is a status at source-git",
    await checked(stream, done),
  );

  await amend(bob, source, { "hello.txt": "hello once more\n" });
  const updated = await noteWith(stream, dist, "has been updated");
  const moved = await until("dist-git's new commit", 60, async () => {
    const { sha } = await mergeRequest(alice, dist);
    return sha === dist.sha ? undefined : sha;
  });
  tell("bob commits once more; the worker pushes to dist-git again", `${moved.slice(0, 12)}: ${updated}`);
  const last = await checked(stream, done);
  tell("its pipeline's outcome is at the new commit", last);

  const other = await synchronise(run, stream, "Names no bug.");
  tell("without a bug dist-git's pipeline fails, and source-git shows that, too", await checked(stream, other));
  await close(bob, other.source);
  await noteWith(stream, other.dist, "has been closed");
  tell("bob closes it, and dist-git's is closed", (await mergeRequest(alice, other.dist)).state);
  return [{ name: "stream", url: source.web_url, shows: "Dist-git MR CI Pipeline" }];
}
