/** Thoth at work: what a request for a release, webhooks and a job of Zuul set off, hop by hop, with the evidence of each. */
import type { Run } from "../../pulumi.ts";
import type { Scene } from "../pictures.ts";
import type { ThothAtWork } from "./deploy.ts";
import { atZuul, nodeOf, runJob } from "./jobs.ts";
import { messageIn, messagesIn, topics } from "./kafka.ts";
import { fileAt, type Issue, makeRepositories, type Pull, pullOf, repository, runKebechet, write } from "./steps.ts";
import {
  issueEvent,
  type RawEvent,
  reviewByBot,
  routeOf,
  saidInChat,
  sendAlert,
  sendEvent,
  type SocialEvent,
  tunnelsConnected,
} from "./webhooks.ts";
import { tunnels } from "./counterparts.ts";

/** Prints a hop and its evidence. */
type Tell = (hop: string, evidence: string) => void;

const nextPatch = (text: string): string => {
  const [, start = "", patch = "0"] = /"(\d+\.\d+\.)(\d+)"/.exec(text) ?? [];
  return `${start}${Number(patch) + 1}`;
};

/** Plays a request for a release until its pull request is merged, and then a job of Zuul. @returns the pages to look at. @throws naming the hop that did not happen */
export async function playThoth(run: Run, thoth: ThothAtWork, tell: Tell): Promise<readonly Scene[]> {
  const { alice } = thoth;
  tell(
    "stand-ins take the places of Sesheta, webhook2kafka, the normalizers, the Review Manager and ultrahook's client, which are in no package",
    "Kafka 3.9, Faust, kafka-python, octomachinery, gunicorn, Flask, google-auth and Ruby are real; so are Kebechet, nodepool and ZooKeeper",
  );
  const clients = await tunnelsConnected(run.lab, Object.values(tunnels));
  tell("the tunnels' clients are connected to ultrahook.com, each with its account's key", clients.join(", "));
  await makeRepositories(thoth);
  await write(thoth, repository, "README.md", `Written at ${new Date().toISOString()}.\n`);
  const version = nextPatch(await fileAt(thoth, "master", "version.py"));
  const issue = await alice.call<Issue>("POST", `/repos/${repository}/issues`, {
    title: "New patch release",
    body: "Hey, Kebechet!\n\nCreate a new patch release, please.",
  });
  tell('alice, a maintainer, opens the issue "New patch release"', issue.html_url);
  await playKafka(run, thoth, issue, tell);

  const { job, succeeded, log } = await runKebechet(run, thoth);
  if (!succeeded) throw new Error(`Job ${job} failed: ${log.slice(-2000)}`);
  const [said = ""] = /Kebechet version: '[^']+'/.exec(log) ?? [];
  tell("kubectl create job --from=cronjob/kebechet: the init container's key, then Kebechet", `${job}: ${said}`);

  const pull = await pullOf(thoth, `v${version}`);
  if (pull === undefined) throw new Error(`no pull request of branch v${version}: ${log.slice(-2000)}`);
  tell("it clones git@github.com over SSH and pushes a branch", `v${version} is ${pull.head.sha.slice(0, 12)}`);
  tell("it opens a pull request", `${pull.html_url}: ${pull.title}`);
  tell("the branch has the new version", (await fileAt(thoth, `v${version}`, "version.py")).trim());

  await playReviews(run, thoth, pull, tell);

  await alice.call("PUT", `/repos/${repository}/pulls/${pull.number}/merge`, {});
  await alice.call("PATCH", `/repos/${repository}/issues/${issue.number}`, { state: "closed" });
  tell("alice merges it", (await fileAt(thoth, "master", "version.py")).trim());
  await playNodes(run, tell);
  return [{ name: "thoth", url: pull.html_url, shows: `Release of version ${version}` }];
}

/** An issue's event on its way to Kafka, and one that somebody else has signed. */
async function playKafka(run: Run, thoth: ThothAtWork, { html_url }: Issue, tell: Tell): Promise<void> {
  const { lab } = run;
  const raw = await messageIn<RawEvent>(
    run,
    topics.github,
    "the issue",
    ({ payload }) => payload.issue?.html_url === html_url,
  );
  tell(
    "its signed webhook goes to ultrahook.com, through the tunnel to webhook2kafka, and over TLS into Kafka's topic",
    `${topics.github}: ${raw.event_type} ${raw.payload.action ?? ""}`,
  );
  const event = await messageIn<SocialEvent>(
    run,
    topics.events,
    "the issue",
    ({ issue_url }) => issue_url === html_url,
  );
  tell(
    "the normalizers, a Faust worker, bring it into the form of all services",
    `${topics.events}: ${event.event_type} ${event.action} by ${event.user_name}`,
  );
  const at = `${await routeOf(run, thoth.namespace, "webhook2kafka")}/github`;
  const title = `forged at ${new Date().toISOString()}`;
  const { status } = await sendEvent(lab, at, "not the secret", issueEvent(title));
  const all = await messagesIn<RawEvent>(run, topics.github);
  if (all.some(({ payload }) => payload.issue?.title === title))
    throw new Error(`${topics.github} has what was ${title}`);
  tell("a webhook with a wrong signature is refused at the Route, and not in the topic", `status ${status}`);
}

/** The bots' pull request and what is said about it. */
async function playReviews(run: Run, thoth: ThothAtWork, { number }: Pull, tell: Tell): Promise<void> {
  const { lab } = run;
  const review = await reviewByBot(thoth, number);
  const { labels } = await thoth.alice.get<Pull>(`/repos/${repository}/issues/${number}`);
  tell(
    "the App's webhook reaches the Review Manager, which approves the bot's pull request with a token of its installation",
    `${review.user.login}: ${review.state}, labels ${labels.map(({ name }) => name).join(", ")}`,
  );
  await thoth.bob.call("POST", `/repos/${repository}/pulls/${number}/reviews`, { event: "APPROVE", body: "Fine." });
  tell("bob reviews it; the Review Manager tells Google's chat", await saidInChat(lab, thoth, "bob approved"));
  const name = `LabAlert${Date.now()}`;
  await sendAlert(lab, name);
  tell("an alert of Alertmanager goes through Sesheta's tunnel to the chat", await saidInChat(lab, thoth, name));
}

/** A job's node: from nodepool's request in ZooKeeper to the pod's end. */
async function playNodes(run: Run, tell: Tell): Promise<void> {
  const waiting = await nodeOf(run, "thoth-python36");
  tell("nodepool keeps a node of the label thoth-python36 ready (minReady)", `pod ${waiting.metadata.name}`);
  const commands = [
    "id",
    "printf 'def test_sum():\\n    assert 1 + 1 == 2\\n' >/tmp/test_sum.py && pytest -q /tmp/test_sum.py",
  ];
  const { job, pod } = await runJob(run, "thoth-pytest", commands);
  tell("Zuul writes a node request for thoth-pytest into ZooKeeper; nodepool makes the pod", `pod ${job.pod}`);
  tell("its image is that of the ImageStream's tag", pod.spec.containers[0]?.image ?? "");
  const [user, tests] = job.ran.map(({ output }) => output.split("\n").at(-1) ?? "");
  tell(
    "Zuul's executor runs commands in it by kubectl exec, with the account's token",
    `${user ?? ""}; ${tests ?? ""}`,
  );
  tell("and reads the console's port by kubectl port-forward", job.forwarded);
  const list = await atZuul(run, "nodepool", "list");
  if (list.includes(job.pod)) throw new Error(`nodepool still has ${job.pod}:\n${list}`);
  tell("Zuul gives the node back; nodepool removes the pod", "nodepool list has it no more");
}
