/** What tests of Prow's plugins see of a pull request, and the jobs that they give to a repository. */
import type { ProwAtWork } from "../../../lab/demo/prow/deploy.ts";
import { robot } from "../../../lab/demo/prow/deploy.ts";
import type { ProwJob } from "../../../lab/demo/prow/steps.ts";
import { until } from "../../../lab/demo/until.ts";

/** A pull request, by its repository and number. */
export interface Change {
  readonly in: string;
  readonly number: number;
}

interface Said {
  readonly body: string;
  readonly user: { readonly login: string };
}

/** A presubmit that runs when it is asked for. */
export const presubmit = (name: string, container: object, labels: Readonly<Record<string, string>> = {}): object => ({
  ...{ name, labels, always_run: false, decorate: true },
  spec: {
    nodeSelector: { type: "vm", zone: "ci" },
    containers: [
      { image: "docker.io/library/busybox:1", resources: { requests: { cpu: "10m", memory: "16Mi" } }, ...container },
    ],
  },
});

/** The robot's comments on a pull request, oldest first. */
export async function robotSaid({ alice }: ProwAtWork, { in: name, number }: Change): Promise<readonly string[]> {
  const all = await alice.get<readonly Said[]>(`/repos/${name}/issues/${number}/comments`);
  return all.filter(({ user }) => user.login === robot).map(({ body }) => body);
}

/** A comment of the robot's, once it is there. */
export const robotSays = (prow: ProwAtWork, change: Change, what: RegExp): Promise<string> =>
  until(`the robot's comment ${String(what)}`, 180, async () =>
    (await robotSaid(prow, change)).find((body) => what.test(body)),
  );

/** Waits until a pull request has a label, or has it no more. */
export const labelled = (prow: ProwAtWork, { in: name, number }: Change, label: string, there: boolean) =>
  until(`${there ? "" : "no "}label ${label}`, 120, async () => {
    const labels = await prow.alice.get<readonly { readonly name: string }[]>(`/repos/${name}/issues/${number}/labels`);
    return labels.some((one) => one.name === label) === there ? true : undefined;
  });

/** Whether a run has ended. */
export const ended = ({ status }: ProwJob): boolean => ["success", "failure", "error"].includes(status.state ?? "");
