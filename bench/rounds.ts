/** Measures contestants in turns, so that what disturbs the machine disturbs all of them. */
import { type Life, type Step, steps } from "./results.ts";
import type { Contestant } from "./contestants/contestant.ts";

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
  const taken = new Map<Contestant, Partial<Record<Step, number[]>>>(contestants.map((one) => [one, {}]));
  for (const [round, order] of turns(contestants, rounds).entries()) {
    for (const contestant of order) {
      const figures = taken.get(contestant) ?? {};
      for (const step of steps) {
        const { seconds } = await contestant[step]();
        figures[step] = [...(figures[step] ?? []), Math.round(seconds * 100) / 100];
      }
      const row = steps.map((step) => `${step} ${figures[step]?.at(-1)?.toFixed(1) ?? ""} s`).join(", ");
      log(`${system}, round ${round + 1}, ${contestant.name}: ${row}`);
    }
  }
  return [...taken].map(([{ name, resources }, seconds]) => ({ system, contestant: name, resources, seconds }));
}
