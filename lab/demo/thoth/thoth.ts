/** Thoth at work: what a request for a release and a job of Zuul set off, hop by hop, with the evidence of each. */
import type { Run } from "../../pulumi.ts";
import type { Scene } from "../pictures.ts";
import type { ThothAtWork } from "./deploy.ts";
import { atZuul, nodeOf, runJob } from "./jobs.ts";
import { fileAt, type Issue, makeRepositories, pullOf, repository, runKebechet, write } from "./steps.ts";

/** Prints a hop and its evidence. */
type Tell = (hop: string, evidence: string) => void;

const nextPatch = (text: string): string => {
  const [, start = "", patch = "0"] = /"(\d+\.\d+\.)(\d+)"/.exec(text) ?? [];
  return `${start}${Number(patch) + 1}`;
};

/** Plays a request for a release until its pull request is merged, and then a job of Zuul. @returns the pages to look at. @throws naming the hop that did not happen */
export async function playThoth(run: Run, thoth: ThothAtWork, tell: Tell): Promise<readonly Scene[]> {
  const { alice } = thoth;
  await makeRepositories(thoth);
  await write(thoth, repository, "README.md", `Written at ${new Date().toISOString()}.\n`);
  const version = nextPatch(await fileAt(thoth, "master", "version.py"));
  const issue = await alice.call<Issue>("POST", `/repos/${repository}/issues`, {
    title: "New patch release",
    body: "Hey, Kebechet!\n\nCreate a new patch release, please.",
  });
  tell('alice, a maintainer, opens the issue "New patch release"', issue.html_url);

  const { job, succeeded, log } = await runKebechet(run, thoth);
  if (!succeeded) throw new Error(`Job ${job} failed: ${log.slice(-2000)}`);
  const [said = ""] = /Kebechet version: '[^']+'/.exec(log) ?? [];
  tell("kubectl create job --from=cronjob/kebechet: the init container's key, then Kebechet", `${job}: ${said}`);

  const pull = await pullOf(thoth, `v${version}`);
  if (pull === undefined) throw new Error(`no pull request of branch v${version}: ${log.slice(-2000)}`);
  tell("it clones git@github.com over SSH and pushes a branch", `v${version} is ${pull.head.sha.slice(0, 12)}`);
  tell("it opens a pull request", `${pull.html_url}: ${pull.title}`);
  tell("the branch has the new version", (await fileAt(thoth, `v${version}`, "version.py")).trim());

  await alice.call("PUT", `/repos/${repository}/pulls/${pull.number}/merge`, {});
  await alice.call("PATCH", `/repos/${repository}/issues/${issue.number}`, { state: "closed" });
  tell("alice merges it", (await fileAt(thoth, "master", "version.py")).trim());
  await playNodes(run, tell);
  return [{ name: "thoth", url: pull.html_url, shows: `Release of version ${version}` }];
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
