/** Measures contestants in turns, so that what disturbs the machine disturbs all of them. */
import { round } from "./figures.ts";
import { type Life, type Rounds, type Step, steps } from "./results.ts";
import type { Contestant, StepCost } from "./contestants/contestant.ts";

/** Contestants of each round in another order. */
export function turns<T>(all: readonly T[], rounds: number): readonly (readonly T[])[] {
  return Array.from({ length: rounds }, (_, round) => {
    const first = round % all.length;
    return [...all.slice(first), ...all.slice(0, first)];
  });
}

/**
 * Lives through all steps with each contestant, so many times.
 * @throws what a step throws; what was deployed is removed nevertheless
 */
export async function live(
  system: string,
  contestants: readonly Contestant[],
  rounds: number,
  log: (line: string) => void,
): Promise<readonly Life[]> {
  const taken = new Map<Contestant, Partial<Record<Step, StepCost[]>>>(contestants.map((one) => [one, {}]));
  for (const [at, order] of turns(contestants, rounds).entries()) {
    for (const contestant of order) {
      const costs = taken.get(contestant) ?? {};
      for (const step of steps) {
        const cost = await contestant[step]();
        costs[step] = [...(costs[step] ?? []), cost];
        log(`${system}, round ${at + 1}, ${contestant.name}: ${step} ${say(cost)}`);
      }
    }
  }
  return [...taken].map(([{ name, resources }, costs]) => {
    const of = (figure: (cost: StepCost) => number): Rounds =>
      Object.fromEntries(steps.map((step) => [step, (costs[step] ?? []).map((cost) => round(figure(cost), 2))]));
    const counted = Object.values(costs).every((all) => all.every(({ saves }) => saves !== undefined));
    return {
      system,
      contestant: name,
      resources,
      seconds: of(({ seconds }) => seconds),
      cpu: of(({ cpu }) => cpu),
      ...(counted ? { saves: of(({ saves }) => saves ?? 0) } : {}),
    };
  });
}

function say({ seconds, cpu, saves }: StepCost): string {
  const saved = saves === undefined ? "" : `, state saved ${saves} times`;
  return `${seconds.toFixed(1)} s, processor ${cpu.toFixed(1)} s${saved}`;
}
