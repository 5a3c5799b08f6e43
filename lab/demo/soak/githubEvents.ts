/** Events that begin at GitHub: a change for Prow, a pull request for Packit, an issue for Thoth. */
import { kubeApi } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { deliveriesAbout, type OwnersHook, propose, redeliver, statusOf } from "../github.ts";
import { organisation as packitOrganisation, type PackitAtWork } from "../packit/deploy.ts";
import { context, repository as packitRepository } from "../packit/packit.ts";
import { organisation as prowOrganisation, type ProwAtWork } from "../prow/deploy.ts";
import { comment, job, prowJobs, pullRequest, repository as prowRepository } from "../prow/steps.ts";
import type { ThothAtWork } from "../thoth/deploy.ts";
import { messagesIn, topics } from "../thoth/kafka.ts";
import { type Issue, repository as thothRepository } from "../thoth/steps.ts";
import { hookOf, type SocialEvent } from "../thoth/webhooks.ts";
import { type EventKind, seenOf } from "./kind.ts";
import { lossesOfPackit, lossesOfProw, lossesOfTunnel } from "./losses.ts";

/** Sends those deliveries about a page again that GitHub's page shows as failed, or all if none is. */
async function redeliverAbout(hook: OwnersHook, url: string, events: readonly string[]): Promise<number> {
  const all = await deliveriesAbout(hook, url, events);
  const failed = all.filter(({ status_code: status }) => status < 200 || status > 299);
  for (const { id } of failed.length > 0 ? failed : all) await redeliver(hook, id);
  return failed.length;
}

/** A change of a file of its own, from the pull request until tide has merged it. */
export function change(run: Run, prow: ProwAtWork): EventKind {
  const hook = { owner: prow.alice, organisation: prowOrganisation, hook: prow.hook };
  const latest = async (number: number): Promise<string | undefined> =>
    (await prowJobs(kubeApi(run.lab), prow, { job, number })).at(-1)?.status.state;
  const failed = ["failure", "error", "aborted"];
  return {
    ...{ name: "Prow: a change until it is merged", weight: 1, patience: 600 },
    async send(number) {
      const what = { path: `soak/${number}.txt`, text: `Hello ${number}\n`, title: `Greet ${number}` };
      const pull = await propose({ person: prow.alice, login: "alice" }, { ...what, in: prowRepository });
      await comment(prow.alice, pull.number, `/test ${job}`);
      await comment(prow.bob, pull.number, "/lgtm\n/approve");
      return String(pull.number);
    },
    look: (ids) =>
      seenOf(ids, async (id) => {
        if ((await pullRequest(prow, Number(id))).merged) return "done";
        return failed.includes((await latest(Number(id))) ?? "") ? "failed" : "nothing yet";
      }),
    async again(id) {
      const number = Number(id);
      const all = await deliveriesAbout(hook, `/pull/${id}"`, ["issue_comment", "pull_request"]);
      const lost = all.filter(({ status_code: status }) => status !== 200);
      for (const one of lost) await redeliver(hook, one.id);
      if (lost.length > 0) return lost.length;
      // A run that waits for a node, by the configuration for an hour, is aborted by the next one.
      if ((await latest(number)) !== "success") await comment(prow.alice, number, `/test ${job}`);
      const names = (await pullRequest(prow, number)).labels.map(({ name }) => name);
      if (!names.includes("lgtm") || !names.includes("approved")) await comment(prow.bob, number, "/lgtm\n/approve");
      return 0;
    },
    loses: lossesOfProw(prow.namespaces.jobs),
  };
}

/** A pull request until Packit's status is at GitHub. */
export function pullRequestOfPackit(packit: PackitAtWork): EventKind {
  const hook = { owner: packit.alice, organisation: packitOrganisation, hook: packit.hook };
  return {
    ...{ name: "Packit: a pull request until its status is at GitHub", weight: 3, patience: 300 },
    async send(number) {
      const what = { path: `soak/${number}.txt`, text: `Hello ${number}\n`, title: `Greet ${number}` };
      const pull = await propose({ person: packit.alice, login: "alice" }, { ...what, in: packitRepository });
      return `${pull.number} ${pull.head.sha}`;
    },
    look: (ids) =>
      seenOf(ids, async (id) => {
        const state = (await statusOf(packit.alice, id.split(" ")[1] ?? "", context, packitRepository))?.state;
        if (state === "success") return "done";
        return state === undefined || state === "pending" ? "nothing yet" : "failed";
      }),
    again: (id) => redeliverAbout(hook, `/pull/${id.split(" ")[0] ?? ""}"`, ["pull_request"]),
    loses: lossesOfPackit(packit),
  };
}

/** An issue, until the normalizers' topic of Kafka has it. */
export function issue(run: Run, thoth: ThothAtWork): EventKind {
  return {
    ...{ name: "Thoth: an issue until the normalizers' event is in Kafka", weight: 3, patience: 180 },
    async send(number) {
      const body = { title: `Soak ${number}`, body: "" };
      return (await thoth.alice.call<Issue>("POST", `/repos/${thothRepository}/issues`, body)).html_url;
    },
    async look(ids) {
      const events = await messagesIn<SocialEvent>(run, topics.events);
      return seenOf(ids, (id) =>
        Promise.resolve(events.some(({ issue_url }) => issue_url === id) ? "done" : "nothing yet"),
      );
    },
    again: (id) => redeliverAbout(hookOf(thoth), `${id}"`, ["issues"]),
    loses: lossesOfTunnel(/\/webhook2kafka-/),
  };
}
