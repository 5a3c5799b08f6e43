/** The safe rollout: no task is cut off, because a worker is emptied before it is replaced. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { dialsSchema } from "../../components/dials/config.ts";
import { type Call, type Command, duration, text } from "../command.ts";
import { Kubectl, kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { openStack, stackHelp, stackOptions } from "../lib/stack.ts";
import { drained } from "./drain.ts";
import { Flower } from "./flower.ts";
import { flowerTunnel, type Tunnel } from "./forward.ts";
import { rollOut } from "./restart.ts";
import { select, type Target, targetHelp, targets } from "./targets.ts";

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
      throw new Error(`rolled out, but no new worker takes tasks from ${missing.join(", ")}; look at its pod's log`);
    await sleep(1000);
  }
}

async function rollout({ values, words, rest }: Call): Promise<number> {
  const { settings } = openStack(dialsSchema, values);
  const chosen = select(targets(settings), words);
  const [deadline, poll, timeout] = [
    duration(values, "deadline", "2h"),
    duration(values, "poll", "5s"),
    duration(values, "timeout", "10m"),
  ];
  const kubectl = new Kubectl(settings.namespace.name, values);
  const encoded = await kubectl.output([
    "get",
    "secret",
    "dials-etl-secrets",
    "--output",
    "jsonpath={.data.FLOWER_BASIC_AUTH}",
  ]);
  const given = text(values, "flower");
  const tunnel: Tunnel = given === undefined ? await flowerTunnel(kubectl) : { address: given, close: () => undefined };
  const stopped = new AbortController();
  const stop = (): void => {
    stopped.abort();
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const flower = new Flower(tunnel.address, Buffer.from(encoded, "base64").toString());
    const workers = workersOf(chosen, await flower.online());
    const names = chosen.map(({ name }) => name);
    if (values["dry-run"] === true) {
      console.log(
        `would drain ${workers.join(", ") || "nothing"}, then ${rest.length > 0 ? `run ${rest.join(" ")}` : `restart ${names.join(", ")}`}`,
      );
      return 0;
    }
    const began = Date.now();
    let status = 0;
    const work = async (): Promise<void> => {
      if (rest.length > 0) status = await run(rest);
      else await Promise.all(chosen.map(({ name }) => rollOut(kubectl, name, timeout)));
    };
    const survivors = (all: readonly string[]): Promise<readonly string[]> => staying(kubectl, all);
    await drained({ flower, workers, deadline, poll, log, signal: stopped.signal, survivors }, work);
    // Flower itself may have been replaced, and its address with it.
    if (rest.length === 0 && !names.includes("flower")) await untilServed(flower, chosen, workers, timeout);
    const seconds = Math.round((Date.now() - began) / 1000);
    if (values.json === true) console.log(JSON.stringify({ deployments: names, workers, seconds, status }));
    else log(`${names.join(", ")}: done in ${seconds} s`);
    return status;
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
    tunnel.close();
  }
}

/** Runs a command in the foreground. @returns its exit code */
function run([program = "true", ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) => {
      resolve(code ?? 1);
    });
  });
}

export const command: Command = {
  help: `Usage: npm run ops -- dials rollout DEPLOYMENT... --stack S [--deadline 2h] [--dry-run] [-- COMMAND...]

Replaces workers without losing a task: takes them off their queues by Flower's API, waits until they have no running,
waiting or postponed task, restarts them, and sees that the new ones take tasks. When the deadline passes, or on Ctrl-C,
nothing is restarted and the workers go back to their queues. Tasks that nobody has taken stay in the broker.
${targetHelp}
With -- COMMAND that command is run instead of the restart, e.g. -- npx pulumi up --stack prod; afterwards the workers
that it left alone go back to their queues.

${stackHelp}
${kubectlHelp}
  --deadline D       how long tasks may take to end (default 2h)
  --poll D           how often to look (default 5s)
  --timeout D        how long new pods may take to be ready (default 10m)
  --flower URL       Flower's address, if it is reached without a tunnel
  --json             the result as JSON
  --dry-run          change nothing, say what would be done`,
  options: {
    ...stackOptions,
    ...kubectlOptions,
    deadline: { type: "string" },
    poll: { type: "string" },
    timeout: { type: "string" },
    flower: { type: "string" },
    json: { type: "boolean" },
    "dry-run": { type: "boolean" },
  },
  run: rollout,
};
