/** Systems at work for a while: random events, and random deaths of programs, pods and a node. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sample } from "../../memory.ts";
import type { Run } from "../../pulumi.ts";
import { random, weighted } from "../../random.ts";
import { measure } from "../../usage.ts";
import { Faults, unwell } from "./faults.ts";
import type { EventKind, Look } from "./kind.ts";
import type { Fault, Seen, Sent } from "./record.ts";
import type { Systems } from "./systems.ts";

/** Mean seconds between two events, and between two faults. */
const paces = { event: 9, fault: 75 };
/** Seconds between two looks. */
const looks = { events: 20, memory: 20 };
/** Seconds that everything has at the end, when nothing dies any more. */
const settling = 1200;

/** What runs, and how long. */
export interface Soak {
  readonly systems: Systems;
  readonly kinds: readonly EventKind[];
  /** Seconds in which events and faults happen. */
  readonly seconds: number;
  /** Chooses the events and the deaths, and their times; which pod dies depends on those that run then. */
  readonly seed: number;
  readonly stop: AbortSignal;
}

/** Runs until the time is over and every event has its result, or its time to settle is over. */
export async function soak(run: Run, { systems, kinds, seconds, seed, stop }: Soak): Promise<Seen> {
  const { lab, log } = run;
  const started = performance.now();
  const now = (): number => (performance.now() - started) / 1000;
  const [sent, faults, memory]: [Sent[], Fault[], Sample[]] = [[], [], []];
  const complaints = new Map<string, string>();
  const over = new AbortController();
  const ended = AbortSignal.any([stop, over.signal]);
  const pause = (mean: number, draw: () => number, signal: AbortSignal): Promise<unknown> =>
    sleep(mean * (0.3 + 1.4 * draw()) * 1000, undefined, { signal }).catch(() => undefined);
  const busy = AbortSignal.any([ended, AbortSignal.timeout(seconds * 1000)]);

  let unsent = 0;
  const events = async (): Promise<void> => {
    const draw = random(seed);
    // Unlike those of an earlier run in the same cluster.
    for (let number = Math.floor(Date.now() / 1000); !busy.aborted; number++) {
      const kind = weighted(kinds, draw);
      // Somebody outside does not wait for what others do.
      const begun = now();
      void kind.send(number).then(
        (id) => sent.push({ kind: kind.name, id, sent: begun, helped: [] }),
        () => (unsent += 1),
      );
      await pause(paces.event, draw, busy);
    }
  };
  const deaths = async (): Promise<void> => {
    // Not those of the events: their turns would depend on the machine's speed.
    const draw = random(~seed);
    const source = new Faults(run, systems, draw, (fault) => {
      faults.push({ at: now(), ...fault });
      log(`${fault.what} ${fault.target} was killed`);
    });
    await pause(paces.fault, draw, busy);
    while (!busy.aborted) {
      await attempt(complaints, "a fault", () => source.next());
      await pause(paces.fault, draw, busy);
    }
  };
  const looking = async (kind: EventKind): Promise<void> => {
    while (!ended.aborted) {
      const waiting = sent.filter((one) => one.kind === kind.name && one.done === undefined);
      if (waiting.length > 0) {
        await attempt(complaints, `${kind.name}: looking`, async () => {
          const seen = await kind.look(waiting.map(({ id }) => id));
          for (const one of waiting) await follow(kind, one, seen.get(one.id) ?? "nothing yet", now);
        });
      }
      await sleep(looks.events * 1000, undefined, { signal: ended }).catch(() => undefined);
    }
  };
  const remembering = async (): Promise<void> => {
    while (!busy.aborted) {
      memory.push({ minute: now() / 60, memory: measure(lab).memory });
      await sleep(looks.memory * 1000, undefined, { signal: busy }).catch(() => undefined);
    }
  };
  const progress = setInterval(() => {
    const done = sent.filter((one) => one.done !== undefined).length;
    log(`${(now() / 60).toFixed(0)} min: ${sent.length} events, ${done} done, ${faults.length} faults`);
  }, 60_000);

  const watching = kinds.map(looking);
  await Promise.all([events(), deaths(), remembering()]);
  const minutes = now() / 60;
  const end = now() + settling;
  const ill = (): Promise<readonly string[]> => unwell(run, systems).catch((error: unknown) => [String(error)]);
  const settled = async (): Promise<readonly string[]> => {
    const open = sent.filter((one) => one.done === undefined).map(({ kind, id }) => `${kind}: ${id}`);
    return [...open, ...(await ill())];
  };
  let left = await settled();
  while (left.length > 0 && now() < end && !stop.aborted) {
    await sleep(5000, undefined, { signal: stop }).catch(() => undefined);
    left = await settled();
  }
  over.abort();
  clearInterval(progress);
  await Promise.all(watching);
  const pods = left.length === 0 ? [] : await ill();
  const said = left.length === 0 ? [] : [...complaints].map(([what, why]) => `${what}: ${why}`);
  return { minutes, seed, sent, unsent, faults, memory, stuck: [...pods, ...said] };
}

/** Notes what is seen of an event, and does what people do when it is nothing, or a failure. */
async function follow(kind: EventKind, one: Sent, look: Look, now: () => number): Promise<void> {
  if (look === "done") {
    one.done = now();
    return;
  }
  const last = one.helped.at(-1)?.at ?? one.sent;
  const failed = look === "failed";
  // After help the old failure is still to be seen for a while.
  if (now() - last < (failed ? kind.patience / 3 : kind.patience)) return;
  one.helped.push({ at: now(), undelivered: await kind.again(one.id) });
}

/** What fails while something is dead is tried again; its last word is kept until it works. */
async function attempt(complaints: Map<string, string>, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    complaints.delete(what);
  } catch (error) {
    complaints.set(what, (error instanceof Error ? error.message : String(error)).slice(0, 300));
  }
}
