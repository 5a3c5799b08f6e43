/** Waits until what was deployed has settled. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, duration, text, UsageError } from "../command.ts";
import type { Kubectl } from "../kubectl.ts";
import { environmentHelp, environmentOptions, inCluster, openEnvironment } from "./environment.ts";

/** As much of a Deployment as is looked at. */
interface Deployment {
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
  };
}

/** As much of a pod as is looked at. */
interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly phase?: string;
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly ready: boolean;
      readonly restartCount: number;
      readonly state?: { readonly waiting?: { readonly reason?: string } };
    }[];
  };
}

/** What one look saw. */
export interface Look {
  /** What has not settled, a sentence each. */
  readonly waiting: readonly string[];
  /** Restarts by pod and container. */
  readonly restarts: ReadonlyMap<string, number>;
}

/** Judges a look; a container that was restarted since the look before has not settled, one that was restarted long ago has. */
export function judge(deployments: readonly Deployment[], pods: readonly Pod[], before?: Look): Look {
  const alive = pods.filter(
    ({ metadata, status }) => status.phase !== "Succeeded" && metadata.deletionTimestamp === undefined,
  );
  const containers = alive.flatMap(({ metadata, status }) =>
    (status.containerStatuses ?? []).map((one) => ({ ...one, title: `${metadata.name}/${one.name}` })),
  );
  const restarts = new Map(containers.map(({ title, restartCount }) => [title, restartCount]));
  return {
    restarts,
    waiting: [
      ...(deployments.length === 0 ? ["there is no Deployment"] : []),
      ...deployments.flatMap(unready),
      ...containers
        .filter(({ ready }) => !ready)
        .map(
          ({ title, state }) =>
            `${title} is not ready${state?.waiting?.reason === undefined ? "" : ` (${state.waiting.reason})`}`,
        ),
      ...containers
        .filter(
          ({ title, restartCount }) =>
            restartCount > (before?.restarts.get(title) ?? (before === undefined ? 0 : restartCount)),
        )
        .map(({ title, restartCount }) => `${title} was restarted (${restartCount} times in all)`),
    ],
  };
}

/** A Deployment without its pods is told even when no pod could be made. */
function unready({ metadata: { name, generation }, spec, status }: Deployment): readonly string[] {
  const wanted = spec.replicas ?? 1;
  const current = (status?.observedGeneration ?? 0) >= (generation ?? 0);
  const ready = Math.min(status?.readyReplicas ?? 0, status?.updatedReplicas ?? 0);
  return wanted === 0 || (current && ready >= wanted)
    ? []
    : [`Deployment ${name} has ${current ? ready : 0} of ${wanted} pods`];
}

/** Looks again and again. @returns what has not settled in the end; empty when all has */
export async function settle(
  kubectl: Kubectl,
  inside: readonly string[],
  tries: number,
  seconds: number,
  log: (line: string) => void,
): Promise<readonly string[]> {
  let look: Look | undefined;
  for (let count = 1; ; count++) {
    const { items: deployments } = await kubectl.get<{ items: Deployment[] }>("deployments", ...inside);
    const { items: pods } = await kubectl.get<{ items: Pod[] }>("pods", ...inside);
    look = judge(deployments, pods, look);
    if (look.waiting.length === 0 || count >= tries) return look.waiting;
    log(
      `look ${count} of ${tries}: ${look.waiting[0] ?? ""}${look.waiting.length > 1 ? ` and ${look.waiting.length - 1} more` : ""}`,
    );
    await sleep(seconds * 1000);
  }
}

/** Options of every command that waits. */
export const settleOptions = { tries: { type: "string" }, every: { type: "string" } } as const;

/** The lines of `--help` about them. */
export const settleHelp = `  --tries N          looks at most (default: 20)
  --every D          time between two looks (default: 10s)`;

/** Tries and seconds that the options say. @throws UsageError */
export function patience(values: Parameters<Command["run"]>[0]["values"]): { tries: number; seconds: number } {
  const tries = Number(text(values, "tries") ?? 20);
  if (!Number.isInteger(tries) || tries < 1) throw new UsageError("--tries wants a number from 1");
  return { tries, seconds: duration(values, "every", "10s") };
}

export const command: Command = {
  help: `Usage: npm run ops -- prow settle --stack S [--tries N] [--every D]

Waits until every Deployment of Prow's namespace has its pods, every container is ready and none was restarted between two
looks. Exit code 1 when that does not happen; finished pods of CronJobs do not count.

${settleHelp}
${environmentHelp}`,
  options: { ...environmentOptions, ...settleOptions },
  async run({ values }) {
    const { tries, seconds } = patience(values);
    const environment = await openEnvironment(values);
    const waiting = await inCluster(environment, values, (kubectl, inside) =>
      settle(kubectl, inside, tries, seconds, console.log),
    );
    console.log(waiting.length === 0 ? "settled" : waiting.map((one) => `WRONG  ${one}`).join("\n"));
    return waiting.length === 0 ? 0 : 1;
  },
};
