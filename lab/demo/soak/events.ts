/** What happens outside during a soak, and where its result is seen. */
import type { Run } from "../../pulumi.ts";
import { makeRepository } from "../github.ts";
import { repository as packitRepository } from "../packit/packit.ts";
import { repository as prowRepository } from "../prow/steps.ts";
import { makeRepositories } from "../thoth/steps.ts";
import { change, issue, pullRequestOfPackit } from "./githubEvents.ts";
import { mergeRequestOfStream } from "./gitlabEvents.ts";
import type { EventKind } from "./kind.ts";
import { lesson } from "./lesson.ts";
import { alert, file, messages } from "./otherEvents.ts";
import type { Systems } from "./systems.ts";

/** All kinds. */
export async function eventKinds(
  run: Run,
  { prow, dials, packit, stream, thoth, hub }: Systems,
): Promise<readonly EventKind[]> {
  await makeRepository(prow.alice, prowRepository);
  // The job looks for it; changes are of other files, so that they do not conflict.
  const content = Buffer.from("Hello\n").toString("base64");
  await prow.alice.call("PUT", `/repos/${prowRepository}/contents/greeting.txt`, { message: "Greet", content });
  await makeRepository(packit.alice, packitRepository);
  await makeRepositories(thoth);
  return [
    change(run, prow),
    file(run, dials),
    pullRequestOfPackit(packit),
    ...messages(run, packit),
    await mergeRequestOfStream(run, stream),
    issue(run, thoth),
    alert(run, thoth),
    lesson(hub),
  ];
}
