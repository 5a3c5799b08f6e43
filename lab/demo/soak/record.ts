/** What became of the events of a soak, and what explains it where nothing did at first. */
import { growthText, isFlat, memoryText, type Sample } from "../../memory.ts";
import type { EventKind } from "./kind.ts";

/** One event; times are seconds since the soak began. */
export interface Sent {
  readonly kind: string;
  readonly id: string;
  readonly sent: number;
  done?: number;
  /** What people did because nothing, or a failure, was seen. */
  readonly helped: { readonly at: number; readonly undelivered: number }[];
}

/** Something that died. */
export interface Fault {
  readonly at: number;
  readonly what: "program" | "pod" | "node" | "machine";
  /** `namespace/pod/container`, `namespace/pod`, or the node's name; `callysto/hub/program` and `callysto/hub`. */
  readonly target: string;
}

/** All that was seen. */
export interface Seen {
  readonly minutes: number;
  readonly seed: number;
  readonly sent: readonly Sent[];
  /** Events that did not happen, as nobody outside could bring them about: a bus without a listener, for one. */
  readonly unsent: number;
  readonly faults: readonly Fault[];
  readonly memory: readonly Sample[];
  /** Pods that did not come back, and events' kinds that could not be looked at. */
  readonly stuck: readonly string[];
}

type Loses = Pick<EventKind, "name" | "patience" | "loses">;

/**
 * Why an event had no result of its own: the page of its webhook showed that it was not delivered, or what died when it was on its way.
 * @returns undefined if nothing explains it
 */
export function reasonOf(
  { sent, helped, done }: Sent,
  { loses, patience }: Loses,
  faults: readonly Fault[],
): string | undefined {
  const [first] = helped;
  if (first !== undefined && first.undelivered > 0) return "GitHub or GitLab could not deliver it, and showed that";
  const end = Math.min(first?.at ?? Infinity, done ?? Infinity, sent + patience);
  const about = faults.filter(({ at }) => at <= end);
  for (const { program, seconds, why } of loses) {
    if (about.some(({ target, at }) => program.test(target) && at >= sent - seconds)) return why;
  }
  return undefined;
}

/** Events of a kind. */
export interface Judgement {
  readonly kind: string;
  readonly sent: number;
  /** Those that nobody had to look after. */
  readonly alone: number;
  /** Seconds until their result, of half of them and of the slowest. */
  readonly median: number;
  readonly slowest: number;
  /** Those that somebody had to look after, by reason. */
  readonly helped: Readonly<Record<string, number>>;
  /** Those that never had their result though the service loses none so, or for no reason. */
  readonly wrong: readonly string[];
}

/** What became of each kind. */
export function judge(kinds: readonly Loses[], sent: readonly Sent[], faults: readonly Fault[]): readonly Judgement[] {
  return kinds.map((kind) => {
    const own = sent.filter((one) => one.kind === kind.name);
    const alone = own.filter(({ done, helped }) => done !== undefined && helped.length === 0);
    const times = alone.map((one) => (one.done ?? 0) - one.sent).toSorted((a, b) => a - b);
    const helped: Record<string, number> = {};
    const wrong: string[] = [];
    for (const one of own) {
      if (alone.includes(one)) continue;
      const reason = reasonOf(one, kind, faults);
      if (reason === undefined)
        wrong.push(`${one.id}, sent at ${one.sent.toFixed(0)} s: needed help, and nothing explains it`);
      else helped[reason] = (helped[reason] ?? 0) + 1;
      if (one.done === undefined)
        wrong.push(`${one.id}, sent at ${one.sent.toFixed(0)} s: no result, in spite of help`);
    }
    const slowest = times.at(-1) ?? 0;
    return {
      kind: kind.name,
      sent: own.length,
      alone: alone.length,
      median: times[Math.floor(times.length / 2)] ?? 0,
      slowest,
      helped,
      wrong,
    };
  });
}

/** What must not be, in a line each; none for a good run. */
export function wrongs(kinds: readonly Loses[], { sent, faults, memory, stuck }: Seen): readonly string[] {
  const judged = judge(kinds, sent, faults);
  return [
    ...judged.flatMap(({ kind, wrong }) => wrong.map((line) => `${kind}: ${line}`)),
    ...judged.filter((one) => one.sent === 0).map(({ kind }) => `${kind}: none was sent`),
    ...stuck,
    ...(isFlat(memory) ? [] : [`memory grew by ${growthText(memory)}`]),
  ];
}

/** The figures in lines, and what is wrong. */
export function soakText(kinds: readonly Loses[], seen: Seen): string {
  const of = (what: Fault["what"]): number => seen.faults.filter((one) => one.what === what).length;
  const bad = wrongs(kinds, seen);
  return [
    `${seen.minutes.toFixed(0)} minutes, --seed ${seen.seed}; killed: ${of("program")} programs, ${of("pod")} pods, the node ${of("node")} times, the hub's machine ${of("machine")} times`,
    ...judge(kinds, seen.sent, seen.faults).flatMap(({ kind, sent, alone, median, slowest, helped }) => [
      `${kind}: ${sent}, ${alone} of them without help, after ${median.toFixed(0)} s (median), ${slowest.toFixed(0)} s at most`,
      ...Object.entries(helped).map(([reason, count]) => `  ${count} with help: ${reason}`),
    ]),
    `${seen.unsent} more could not be sent`,
    memoryText(seen.memory),
    ...(bad.length === 0 ? ["nothing wrong"] : [`${bad.length} wrong:`, ...bad.map((line) => `  ${line}`)]),
  ].join("\n");
}
