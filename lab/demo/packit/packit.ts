/** Packit at work: what a pull request and the message buses set off, hop by hop, with the evidence of each. */
import { kubeApi } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import { runCronJob } from "../cronJobs.ts";
import { makeRepository, propose, type PullRequest, type Status, statusOf } from "../github.ts";
import { ask } from "../outside.ts";
import type { Scene } from "../pictures.ts";
import { until } from "../until.ts";
import { organisation, type PackitAtWork } from "./deploy.ts";
import {
  counted,
  forge,
  inSandboxes,
  later,
  leaveVolume,
  publishToCentos,
  publishToFedora,
  type Task,
  taskOf,
} from "./steps.ts";

/** Prints a hop and its evidence. */
type Tell = (hop: string, evidence: string) => void;

export const repository = `${organisation}/hello-world`;
export const context = "packit/stand-in";
export const topics = {
  fedora: "org.fedoraproject.prod.copr.build.end",
  centos: "git.stg.centos.org/pull-request.new",
} as const;

/** What became of a pull request. */
interface Handled {
  readonly pull: PullRequest;
  /** The task that took the webhook, and the one that ran the sandbox. */
  readonly event: Task;
  readonly build: Task;
}

/** A pull request at GitHub, until both of its tasks are done. @throws naming the hop that did not happen */
export async function proposeAndWait(run: Run, packit: PackitAtWork): Promise<Handled> {
  await makeRepository(packit.alice, repository);
  const change = {
    path: "greeting.txt",
    text: `Hello at ${new Date().toISOString()}\n`,
    title: "Greet",
    in: repository,
  };
  const pull = await propose({ person: packit.alice, login: "alice" }, change);
  const subject = `${repository}#${pull.number} at ${pull.head.sha.slice(0, 12)}`;
  const event = await taskOf(run.lab, packit, { source: "github", event_type: "pull_request", subject });
  const build = await taskOf(run.lab, packit, { source: "packit-worker", event_type: "sandbox", subject }, 240);
  return { pull, event, build };
}

/** Packit's status of a pull request's commit, once it is more than pending. */
export const statusAt = ({ alice }: PackitAtWork, { head }: PullRequest): Promise<Status> =>
  until("Packit's status at GitHub", 60, async () => {
    const found = await statusOf(alice, head.sha, context, repository);
    return found === undefined || found.state === "pending" ? undefined : found;
  });

/** The page of tasks. */
export const dashboardOf = ({ hosts }: PackitAtWork): string => `https://${hosts.dashboard}/`;

/** Plays a pull request and a message of each bus. @returns the pages to look at. @throws naming the hop that did not happen */
export async function playPackit(run: Run, packit: PackitAtWork, tell: Tell): Promise<readonly Scene[]> {
  const { lab } = run;
  const api = kubeApi(lab);
  tell(
    "stand-ins take the places of Packit's, tokman's and the dashboard's own code, which is in no package",
    "Apache with mod_wsgi, Celery, Redis, PostgreSQL 12, Alembic, gunicorn, PyGithub, fedora-messaging, paho-mqtt, RabbitMQ, mosquitto, nginx are real",
  );
  const { pull, event, build } = await proposeAndWait(run, packit);
  tell("alice opens a pull request at GitHub", pull.html_url);
  tell(
    "its signed webhook goes by Route, Apache, Redis and worker to a row of PostgreSQL",
    `${event.subject}, ${event.worker}`,
  );
  tell("tokman mints a token of the App, with which the worker sets a status", event.output);
  const status = await statusAt(packit, pull);
  tell("a command ran in a sandbox pod, which the worker's own account made and removed", build.output);
  tell("its outcome is the commit's status at GitHub", `${status.context}: ${status.state}`);

  const forged = await forge(lab, packit, "not the secret");
  tell("a webhook with a wrong signature is refused", `status ${forged}`);

  const number = Math.floor(Date.now() / 1000);
  await publishToFedora(run, topics.fedora, { user: "packit", what: `build ${number}` });
  const copr = await taskOf(lab, packit, { source: "fedora-messaging", subject: `build ${number}` });
  tell(
    "Copr's message on Fedora's bus (AMQP, TLS with client certificates) becomes a task",
    `${copr.event_type}: ${copr.subject}`,
  );
  await publishToCentos(run, packit, topics.centos, { subject: `pull request ${number}` });
  const centos = await taskOf(lab, packit, { source: "centosmsg", subject: `pull request ${number}` });
  tell(
    "a message on CentOS' bus (MQTT, TLS with client certificates) becomes a task",
    `${centos.event_type}: ${centos.subject}`,
  );

  const beat = await taskOf(lab, packit, { source: "beat" });
  tell("beat's schedule", `${beat.subject}, ${beat.times} times`);
  const metric = await until("the workers' metrics", 60, () => counted(lab, packit, "github"));
  tell("the worker's metrics go by the gateway and nginx to Prometheus", `${metric} tasks of GitHub`);

  const volume = await leaveVolume(run, packit);
  await runCronJob(api, { namespace: packit.sandboxes, cronJob: "delete-pvcs" }, { env: later(31) });
  const swept = await until("the end of the left-over volume", 60, async () =>
    (await inSandboxes(api, packit, "persistentvolumeclaims")).includes(volume) ? undefined : volume,
  );
  tell("a volume that a worker left is swept by delete-pvcs, for whose job half an hour has passed", swept);

  const url = dashboardOf(packit);
  const page = await ask(lab, url);
  if (page.status !== 200) throw new Error(`${url} answers ${page.status}`);
  tell("Route, Apache and the page's script show it", url);
  return [{ name: "packit", url, shows: build.output }];
}
