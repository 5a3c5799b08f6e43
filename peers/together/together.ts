/** Stacks and suites side by side on one lab, and what is seen of the lab meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Run } from "../../lab/pulumi.ts";
import { measure, measureDaemons } from "../../lab/usage.ts";
import { expectedFile, judge, readExpected, type Verdict } from "../expected.ts";
import type { Control, Result, Suite } from "../suite.ts";
import { type Answer, answerOf, Logs } from "./answers.ts";
import { counts, since } from "./database.ts";
import type { Sample } from "../../lab/memory.ts";
import type { Seen } from "./report.ts";
import { live, type Operation, openStacks } from "./stacks.ts";

/** What runs, and how long. */
export interface Together {
  readonly suites: readonly Suite[];
  readonly stacks: number;
  /** Seconds after which nothing more is begun. */
  readonly time: number;
}

/** Milliseconds between two looks at memory and logs. */
const pace = 15_000;

/** How many of the slowest answers are kept. */
const kept = 20;

/** A line about a deadlock or a lack of connections that a service gave up on: those that it got over are no errors to it. */
const isStuck = (line: string): boolean => / ERROR .*(DBDeadlock|Deadlock found|QueuePool limit)/.test(line);

/** How many requests wait for a thread, in a line of Keystone's, Placement's or Octavia's server: no answer's time has that. */
const queued = (line: string): number => Number(/ Task queue depth is (\d+)$/.exec(line)?.[1] ?? 0);

/** Runs all until the time is over, then takes the stacks down. */
export async function runTogether(run: Run, control: Control, { suites, stacks, time }: Together): Promise<Seen> {
  const targets = await openStacks(run, stacks);
  const sessions = [];
  for (const suite of suites) sessions.push({ suite, session: await suite.open(run) });
  const started = performance.now();
  const minutes = (): number => (performance.now() - started) / 60_000;
  const ownStop = new AbortController();
  const until = { ...control, stop: AbortSignal.any([control.stop, ownStop.signal]) };
  const timer = setTimeout(() => {
    ownStop.abort();
  }, time * 1000);
  const before = await counts(run.lab);
  const daemonsBefore = measureDaemons(run.lab);
  const operations: Operation[] = [];
  const verdicts: Record<string, Verdict> = {};
  const watched = watch(run, minutes);
  let seen: Watched;
  const report = (operation: Operation): void => {
    operations.push(operation);
    const { stack, what, seconds, failed } = operation;
    run.log(`  ${stack}: ${what}, ${seconds.toFixed(0)} s${failed === undefined ? "" : " FAILED"}`);
  };
  try {
    await Promise.all([
      ...targets.map((target) => live(target, report, until.stop)),
      ...sessions.map(async ({ suite, session }) => {
        const tests = await session.tests();
        const results = new Map<string, Result>();
        const add = (result: Result): void => {
          // A failure stays one, whatever a later round says.
          if (results.get(result.test)?.outcome !== "failed") results.set(result.test, result);
        };
        while (!until.stop.aborted) await session.run(tests, add, until);
        verdicts[suite.name] = judge(tests, [...results.values()], readExpected(expectedFile(suite.name)));
      }),
    ]);
  } finally {
    clearTimeout(timer);
    ownStop.abort();
    seen = await watched.end();
  }
  const database = since(before, await counts(run.lab));
  const daemons = { before: daemonsBefore, after: measureDaemons(run.lab) };
  return { minutes: minutes(), operations, suites: verdicts, database, daemons, ...seen };
}

type Watched = Pick<Seen, "answers" | "slowest" | "broken" | "stuck" | "queue" | "memory">;

/** Looks at the lab's logs and memory until `end`. */
function watch({ lab }: Run, minutes: () => number): { readonly end: () => Promise<Watched> } {
  const logs = new Logs(lab.dir);
  const over = new AbortController();
  let [answers, queue, slowest]: [number, number, readonly Answer[]] = [0, 0, []];
  const [broken, stuck, memory]: [Answer[], string[], Sample[]] = [[], [], []];
  const look = (): void => {
    memory.push({ minute: minutes(), memory: measure(lab).memory });
    const seen: Answer[] = [];
    logs.follow((service, line) => {
      queue = Math.max(queue, queued(line));
      if (isStuck(line)) stuck.push(`${service}: ${line.slice(0, 300)}`);
      const answer = answerOf(service, line);
      if (answer !== undefined) seen.push(answer);
    });
    answers += seen.length;
    broken.push(...seen.filter(({ status }) => status >= 500));
    slowest = [...slowest, ...seen].toSorted((a, b) => b.seconds - a.seconds).slice(0, kept);
  };
  const done = (async () => {
    while (!over.signal.aborted) {
      look();
      await sleep(pace, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  return {
    async end() {
      over.abort();
      await done;
      look();
      return { answers, slowest, broken, stuck, queue, memory };
    },
  };
}
