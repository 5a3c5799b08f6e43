/** What happens around one event of Packit's, seen from outside: the API's rows, the message buses, sandboxes, jobs, metrics. */
import { createHmac } from "node:crypto";
import type { KubeApi } from "../../kubernetes/api.ts";
import type { LabSettings } from "../../settings.ts";
import type { Run } from "../../pulumi.ts";
import { execute, kubectl } from "../kubectl.ts";
import { ask } from "../outside.ts";
import { until } from "../until.ts";
import { busNamespace } from "./buses.ts";
import type { PackitAtWork } from "./deploy.ts";
import type { ServiceAtWork } from "./service.ts";

/** A task as the stand-in's API has it. */
export interface Task {
  readonly source: string;
  readonly event_type: string;
  readonly subject: string;
  /** Celery's name of the worker that had it. */
  readonly worker: string;
  readonly state: string;
  readonly output: string;
  readonly times: number;
}

/** The newest tasks; none if the API does not answer. */
export async function tasks(lab: LabSettings, { hosts }: ServiceAtWork): Promise<readonly Task[]> {
  const { status, body } = await ask(lab, `https://${hosts.service}/api/tasks`);
  return status === 200 ? (JSON.parse(body) as { readonly tasks: readonly Task[] }).tasks : [];
}

/** The task that ended and fits. @throws naming what did not happen, or what became of it instead */
export async function taskOf(
  lab: LabSettings,
  service: ServiceAtWork,
  wanted: Partial<Task>,
  seconds = 120,
): Promise<Task> {
  const fields = Object.entries(wanted);
  return until(`the task ${fields.map(([, value]) => value).join(" ")}`, seconds, async () => {
    const all = await tasks(lab, service);
    const found = all.find((task) =>
      fields.every(([field, value]) => String(task[field as keyof Task]).startsWith(String(value))),
    );
    if (found?.state === "failed") throw new Error(`${found.subject}: ${found.output}`);
    return found?.state === "done" ? found : undefined;
  });
}

/** Delivers a webhook that somebody else than GitHub signs. @returns the status of Packit's answer */
export async function forge(lab: LabSettings, { hosts }: PackitAtWork, secret: string): Promise<number> {
  const body = JSON.stringify({ action: "forged" });
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  const headers = { "content-type": "application/json", "x-github-event": "issues", "x-hub-signature-256": signature };
  return (await ask(lab, `https://${hosts.service}/api/webhooks/github`, { method: "POST", headers, body })).status;
}

/** Publishes on Fedora's bus, when somebody listens. */
export async function publishToFedora(run: Run, topic: string, body: object): Promise<void> {
  await until("a listener at RabbitMQ", 120, async () => {
    const words = ["rabbitmqctl", "-q", "list_consumers", "-p", "/public_pubsub", "--no-table-headers"];
    const listed = await execute(run, busNamespace, ["deployment/rabbitmq", "--", ...words]);
    return listed.trim() === "" ? undefined : true;
  });
  const words = ["python3", "/etc/bus/publish.py", topic, JSON.stringify(body)];
  await execute(run, busNamespace, ["deployment/rabbitmq", "--", ...words]);
}

/** Publishes on CentOS' bus, when Packit listens. */
export async function publishToCentos(
  run: Run,
  { namespace }: PackitAtWork,
  topic: string,
  body: object,
): Promise<void> {
  await until("a listener at mosquitto", 120, async () => {
    const words = ["logs", "deployment/packit-service-centosmsg"];
    return (await kubectl(run, namespace, words)).includes("connected to") ? true : undefined;
  });
  const files = ["--cafile", "/etc/bus/authority.pem", "--cert", "/etc/bus/server.pem", "--key", "/etc/bus/server.pem"];
  const words = ["mosquitto_pub", "-h", "localhost", "-p", "8883", ...files, "-t", topic, "-m", JSON.stringify(body)];
  await execute(run, busNamespace, ["deployment/mosquitto", "--", ...words]);
}

/** A volume of a worker that ends before it has made the sandbox's pod, by that worker's own account. @returns its name */
export async function leaveVolume(run: Run, { namespace }: PackitAtWork): Promise<string> {
  const code = "from packit_service.worker.sandbox import Sandbox; print(Sandbox().make_claim())";
  const printed = await execute(run, namespace, ["statefulset/packit-worker", "--", "python3", "-c", code]);
  return printed.trim().split("\n").at(-1) ?? "";
}

/** Names of the objects of a kind in the sandboxes' namespace. */
export async function inSandboxes(
  api: KubeApi,
  { sandboxes }: PackitAtWork,
  kind: "pods" | "persistentvolumeclaims",
): Promise<readonly string[]> {
  return (await api.list(`/api/v1/namespaces/${sandboxes}/${kind}`)).map(({ metadata }) => metadata.name);
}

/** What makes `date` of a job's scripts later, for those who do not wait. */
export const later = (minutes: number): Readonly<Record<string, string>> => ({
  LD_PRELOAD: "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  FAKETIME: `+${minutes}m`,
});

/** Value of the workers' counter of tasks by source, as the world reads it; undefined until it was pushed. */
export async function counted(lab: LabSettings, { hosts }: PackitAtWork, source: string): Promise<number | undefined> {
  const { body } = await ask(lab, `https://${hosts.metrics}/metrics`);
  const lines = body.split("\n").filter((line) => line.startsWith("packit_stand_in_tasks_total{"));
  const line = lines.find((one) => one.includes(`source="${source}"`));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}
