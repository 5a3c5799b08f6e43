/** KubeVirt's Prow at work: what one change of a repository sets off, hop by hop, with the evidence of each. */
import { kubeApi } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { makeRepository, propose, statusOf } from "../github.ts";
import { ask } from "../outside.ts";
import type { Scene } from "../pictures.ts";
import { until } from "../until.ts";
import type { ProwAtWork } from "./deploy.ts";
import { comment, folderOf, forge, job, objectsBelow, objectText, prowJobs, pullRequest, repository } from "./steps.ts";

/** Prints a hop and its evidence. */
export type Tell = (hop: string, evidence: string) => void;

const short = (sha = ""): string => sha.slice(0, 12);

/** Plays a change from its proposal until it is merged. @returns the pages to look at. @throws naming the hop that did not happen */
export async function playProw(run: Run, prow: ProwAtWork, tell: Tell): Promise<readonly Scene[]> {
  const { lab } = run;
  const api = kubeApi(lab);
  await makeRepository(prow.alice, repository);
  const greeting = `Hello from ${new Date().toISOString()}`;
  const change = { path: "greeting.txt", text: `${greeting}\n`, title: "Greet friendly", in: repository };
  const { number, head, html_url } = await propose({ person: prow.alice, login: "alice" }, change);
  tell("alice opens a pull request at GitHub", `${html_url}, commit ${short(head.sha)}`);

  await comment(prow.alice, number, `/test ${job}`);
  const [started] = await until("hook's ProwJob", 60, async () => {
    const found = await prowJobs(api, prow, { job, number });
    return found.length === 0 ? undefined : found;
  });
  tell(`"/test ${job}": GitHub's signed webhook reaches hook, which makes a ProwJob`, started?.metadata.name ?? "");

  const done = await until("the end of the job's pod", 300, async () => {
    const [found] = await prowJobs(api, prow, { job, number });
    return found?.status.state === "success" || found?.status.state === "failure" ? found : undefined;
  });
  if (done.status.state === "failure") throw new Error(`the job failed; see its log at ${done.status.url ?? ""}`);
  tell(
    "prow-controller-manager starts the job's pod: clonerefs, initupload, entrypoint, the test, sidecar",
    `pod ${done.metadata.name} ended with ${done.status.state ?? ""}`,
  );
  const folder = folderOf(number, done.status.build_id ?? "");
  const objects = await until("the job's objects in the bucket", 60, async () => {
    const found = await objectsBelow(lab, prow, folder);
    return found.includes("finished.json") && found.includes("prowjob.json") ? found : undefined;
  });
  tell(`sidecar and crier write to the bucket gs://${prow.bucket}`, objects.join(", "));
  const log = await objectText(lab, prow, `${folder}build-log.txt`);
  tell("the log in the bucket has what the test read from the clone", log.trim().split("\n").at(-1) ?? "");

  const status = await until("crier's status at GitHub", 60, async () => {
    const found = await statusOf(prow.alice, head.sha, job, repository);
    return found?.state === "success" ? found : undefined;
  });
  tell("crier sets the status of the commit at GitHub", `${status.context}: ${status.state}, ${status.target_url}`);
  // It asks the cluster every half minute.
  await until("the job in Deck's list", 90, async () => {
    const { body } = await ask(lab, `https://${prow.hosts.deck}/prowjobs.js`);
    return body.includes(done.metadata.name) ? true : undefined;
  });
  tell("Deck lists the job", `https://${prow.hosts.deck}/?repo=${repository}`);

  const forged = await forge(lab, prow, "not the secret", JSON.stringify({ action: "created" }));
  tell("a webhook with a wrong signature is refused", `status ${forged}`);

  await comment(prow.bob, number, "/lgtm\n/approve");
  const labels = await until("the labels lgtm and approved", 60, async () => {
    const { labels: found } = await pullRequest(prow, number);
    const names = found.map(({ name }) => name);
    return names.includes("lgtm") && names.includes("approved") ? names : undefined;
  });
  tell('"/lgtm" and "/approve" of bob, who owns the file', `labels ${labels.join(", ")}`);
  const merged = await until("tide's merge", 400, async () => {
    const found = await pullRequest(prow, number);
    return found.merged ? found : undefined;
  });
  tell("tide merges", `main is ${short(merged.merge_commit_sha)}`);

  return [
    { name: "deck", url: `https://${prow.hosts.deck}/`, shows: job },
    { name: "deck-log", url: done.status.url ?? "", shows: greeting },
    {
      name: "deck-history",
      url: `https://${prow.hosts.deck}/job-history/gs/${prow.bucket}/pr-logs/directory/${job}`,
      shows: done.status.build_id ?? "",
    },
    { name: "github", url: html_url, shows: "merged" },
  ];
}
