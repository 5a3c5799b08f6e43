/** Events that begin at GitLab: a merge request to source-git, for Stream. */
import type { Run } from "../../pulumi.ts";
import { resend } from "../gitlab.ts";
import { tasks } from "../packit/steps.ts";
import { groups, type StreamAtWork } from "../stream/deploy.ts";
import { address, connect, opened, proposeHello, signedToken, subjectOf } from "../stream/steps.ts";
import { type EventKind, seenOfTasks } from "./kind.ts";
import { lossesOfService } from "./losses.ts";

/** A merge request to source-git, until dist-git has one with its commits. Gives the webhooks their tokens first. */
export async function mergeRequestOfStream({ lab }: Run, stream: StreamAtWork): Promise<EventKind> {
  const token = (namespace: string): string => signedToken({ namespace }, stream.tokenSecret);
  await connect(stream, token(groups.source), token(groups.dist));
  const hook = { owner: stream.alice, group: groups.source, url: address(stream) };
  return {
    ...{ name: "Stream: a merge request until dist-git has its own", weight: 2, patience: 300 },
    send: async (number) => subjectOf(await proposeHello(stream, `Soak ${number}`)),
    async look(ids) {
      const all = await tasks(lab, stream);
      return seenOfTasks(
        ids,
        all.filter((one) => one.source === "hardly" && one.event_type === opened),
      );
    },
    again: (id) => resend(hook, `https://gitlab.com/${id}`),
    loses: lossesOfService(stream),
  };
}
