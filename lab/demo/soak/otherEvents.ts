/** Events that begin elsewhere: files on EOS for DIALS, messages of the buses for Packit, alerts for Thoth. */
import { kubeApi } from "../../kubernetes/api.ts";
import type { Run } from "../../pulumi.ts";
import type { DialsAtWork } from "../dials/deploy.ts";
import { element, workspace } from "../dials/dials.ts";
import { fileRows, histogram, makeDue, queueAgain, writeToEos } from "../dials/steps.ts";
import type { PackitAtWork } from "../packit/deploy.ts";
import { topics } from "../packit/packit.ts";
import { publishToCentos, publishToFedora, tasks } from "../packit/steps.ts";
import type { ThothAtWork } from "../thoth/deploy.ts";
import { chatOf, sendAlert } from "../thoth/webhooks.ts";
import { type EventKind, type Look, seenOf, seenOfTasks } from "./kind.ts";
import { type Loss, lossesOfCentosBus, lossesOfDials, lossesOfPackit, lossesOfTunnel } from "./losses.ts";

/** A new file on EOS, until its histograms are in the workspace's database. */
export function file(run: Run, dials: DialsAtWork): EventKind {
  return {
    ...{ name: "DIALS: a file until its rows are in the database", weight: 4, patience: 240 },
    send: (number) => {
      const era = number % 2 === 0 ? "Run2024C" : "Run2023D";
      return writeToEos(kubeApi(run.lab), dials, { era, histograms: [histogram(element, number)] });
    },
    async look(ids) {
      await makeDue(run, dials);
      const rows = await fileRows(run, workspace, ids);
      const looks = [...rows].map(([id, { status }]): [string, Look] => {
        if (status === "FINISHED") return [id, "done"];
        return [id, /ERROR|NOT_AVAILABLE/.test(status) ? "failed" : "nothing yet"];
      });
      return new Map(looks);
    },
    async again(id) {
      await queueAgain(run, dials, workspace, id);
      return 0;
    },
    loses: lossesOfDials,
  };
}

/** Messages of both buses until Packit's tasks are done. */
export function messages(run: Run, packit: PackitAtWork): readonly EventKind[] {
  const message = (bus: string, publish: (subject: string) => Promise<void>, loses: readonly Loss[]): EventKind => ({
    ...{ name: `Packit: a message of ${bus} bus until its task is done`, weight: 3, patience: 180, loses },
    async send(number) {
      const subject = `soak ${number}`;
      await publish(subject);
      return subject;
    },
    async look(ids) {
      return seenOfTasks(ids, await tasks(run.lab, packit));
    },
    again: async (id) => {
      await publish(id);
      return 0;
    },
  });
  return [
    message(
      "Fedora's",
      (what) => publishToFedora(run, topics.fedora, { user: "packit", what }),
      lossesOfPackit(packit),
    ),
    message(
      "CentOS'",
      (subject) => publishToCentos(run, packit, topics.centos, { subject }),
      lossesOfCentosBus(packit),
    ),
  ];
}

/** An alert of Alertmanager, until Sesheta has told Google's chat. */
export function alert(run: Run, thoth: ThothAtWork): EventKind {
  return {
    ...{ name: "Thoth: an alert until the chat has it", weight: 3, patience: 90 },
    async send(number) {
      await sendAlert(run.lab, `Soak${number}X`);
      return `Soak${number}X`;
    },
    async look(ids) {
      const said = (await chatOf(run.lab, thoth)).join("\n");
      return seenOf(ids, (id) => Promise.resolve(said.includes(id) ? "done" : "nothing yet"));
    },
    again: async (id) => {
      await sendAlert(run.lab, id);
      return 0;
    },
    loses: lossesOfTunnel(/\/sesheta-/),
  };
}
