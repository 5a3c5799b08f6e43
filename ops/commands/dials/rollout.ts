/** `orrery dials rollout`. */
import { setTimeout as sleep } from "node:timers/promises";
import { dialsSchema } from "../../../components/dials/config.ts";
import { defineCommand } from "../../../cli/command.ts";
import { endingSignals } from "../../../cli/interrupt.ts";
import type { OptionSpecs, ValuesOf } from "../../../cli/options.ts";
import { dryRunOption, jsonOption } from "../../lib/options.ts";
import { Kubectl, kubectlOptions } from "../../lib/kube/kubectl.ts";
import { openStack, stackOptions } from "../../lib/stack.ts";
import { foreground } from "../../lib/process.ts";
import { drained } from "../../lib/dials/drain.ts";
import { at, Flower } from "../../lib/dials/flower.ts";
import { FlowerTunnel } from "../../lib/dials/flowerTunnel.ts";
import { rollOut } from "../../lib/kube/pods.ts";
import { select, type Target, targetHelp, targets } from "../../lib/dials/selection.ts";

const log = (line: string): void => {
  console.error(line);
};

/** The worker of each Deployment that takes tasks. @throws if Flower sees none of a Deployment's */
function workersOf(chosen: readonly Target[], online: readonly string[]): readonly string[] {
  return chosen
    .filter(({ takesTasks }) => takesTasks)
    .flatMap(({ name }) => {
      const own = online.filter((worker) => worker.startsWith(`${name}@`));
      if (own.length === 0)
        throw new Error(`Flower sees no worker ${name}@...: is the ETL paused? nothing was changed`);
      return own;
    });
}

/** Workers whose pod runs and is not about to go. */
async function staying(kubectl: Kubectl, workers: readonly string[]): Promise<readonly string[]> {
  const { items } = await kubectl.get<{ items: { metadata: { name: string; deletionTimestamp?: string } }[] }>("pods");
  const alive = new Set(
    items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name),
  );
  return workers.filter((worker) => alive.has(worker.split("@")[1] ?? ""));
}

/** Waits until every Deployment has a worker on its queue again. @throws naming those that have none */
async function untilServed(
  flower: Flower,
  chosen: readonly Target[],
  before: readonly string[],
  seconds: number,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  let missing = chosen.filter(({ takesTasks }) => takesTasks).map(({ name }) => name);
  for (;;) {
    const fresh = (await flower.online()).filter((worker) => !before.includes(worker));
    const states = await Promise.all(fresh.map((worker) => flower.state(worker)));
    const served = new Set(states.flatMap((state) => state?.queues ?? []));
    missing = missing.filter((name) => !served.has(name));
    if (missing.length === 0) return;
    if (Date.now() > end)
      throw new Error(`rolled out, but no new worker takes tasks from ${missing.join(", ")}; check its pod's log`);
    await sleep(1000);
  }
}

const rolloutOptions = {
  ...stackOptions,
  ...kubectlOptions,
  deadline: { type: "duration", default: "2h", help: "how long running tasks may take" },
  poll: { type: "duration", default: "5s", help: "interval between two checks" },
  timeout: { type: "duration", default: "10m", help: "how long new pods may take to be ready" },
  flower: { type: "string", value: "URL", help: "Flower's address, if it is reachable without a tunnel" },
  ...jsonOption,
  ...dryRunOption,
} as const satisfies OptionSpecs;

async function rollout(
  values: ValuesOf<typeof rolloutOptions>,
  words: readonly string[],
  rest: readonly string[],
): Promise<number> {
  const { settings } = openStack(dialsSchema, values);
  const chosen = select(targets(settings), words);
  const { deadline, poll, timeout, flower: given } = values;
  const kubectl = new Kubectl(settings.namespace.name, values);
  const encoded = await kubectl.output([
    "get",
    "secret",
    "dials-etl-secrets",
    "--output",
    "jsonpath={.data.FLOWER_BASIC_AUTH}",
  ]);
  const tunnel = new FlowerTunnel(kubectl);
  const way = given === undefined ? tunnel : at(given);
  const stopped = new AbortController();
  const stop = (): void => {
    stopped.abort();
  };
  for (const signal of endingSignals) process.on(signal, stop);
  try {
    const flower = new Flower(way, Buffer.from(encoded, "base64").toString());
    const workers = workersOf(chosen, await flower.online());
    const names = chosen.map(({ name }) => name);
    if (values.dryRun) {
      console.log(
        `would drain ${workers.join(", ") || "nothing"}, then ${rest.length > 0 ? `run ${rest.join(" ")}` : `restart ${names.join(", ")}`}`,
      );
      return 0;
    }
    const began = Date.now();
    let status = 0;
    const work = async (): Promise<void> => {
      if (rest.length > 0) status = await foreground(rest);
      else await Promise.all(chosen.map(({ name }) => rollOut(kubectl, name, timeout)));
    };
    const survivors = (all: readonly string[]): Promise<readonly string[]> => staying(kubectl, all);
    await drained({ flower, workers, deadline, poll, log, signal: stopped.signal, survivors }, work);
    // Flower itself may have been replaced, and its address with it.
    if (rest.length === 0 && !names.includes("flower")) await untilServed(flower, chosen, workers, timeout);
    const seconds = Math.round((Date.now() - began) / 1000);
    if (values.json) console.log(JSON.stringify({ deployments: names, workers, seconds, status }));
    else log(`${names.join(", ")}: done in ${seconds} s`);
    return status;
  } finally {
    for (const signal of endingSignals) process.off(signal, stop);
    tunnel.close();
  }
}

export const command = defineCommand({
  usage: "DEPLOYMENT... [-- COMMAND...]",
  about: `Replaces workers without losing a task. Removes them from their queues through Flower's API, waits until they have no running,
waiting or postponed task, restarts them, and checks that the new ones take tasks. At the deadline, or on Ctrl-C, nothing is restarted
and the workers go back to their queues. Tasks that no worker has taken stay in the broker.

${targetHelp}

With -- COMMAND that command is run instead of the restart, e.g. -- npx pulumi up --stack prod; afterwards the workers that it did not
replace go back to their queues.`,
  options: rolloutOptions,
  run: rollout,
});
