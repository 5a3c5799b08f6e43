/** The parts of the benchmark, each by itself. */
import { live } from "./rounds.ts";
import { circumstances, load } from "./machine.ts";
import { merged, nothing, type Results } from "./results.ts";

/** What is asked for. */
export interface Wanted {
  readonly rounds: number;
  /** Systems of the part `lives`. */
  readonly systems: readonly string[];
  readonly log: (line: string) => void;
}

/** A part: what the help says of it, whether it wants a lab, and the measurement. */
interface PartOf {
  readonly says: string;
  readonly lab: boolean;
  readonly measure: (wanted: Wanted) => Promise<Results>;
}

/** The parts by name, in the order in which they are run. Imports are lazy: mocks and lab must not meet before they are wanted. */
export const parts = {
  evaluation: {
    says: "the program alone on mocks, 1x to 10x: time and memory",
    lab: false,
    async measure({ rounds }): Promise<Results> {
      const { evaluationGrowth } = await import("./growth.ts");
      return under("evaluation", () => Promise.resolve({ growth: evaluationGrowth(rounds) }));
    },
  },
  diff: {
    says: "render and offline diff of every stack, and kubectl diff of the same objects",
    lab: true,
    async measure({ rounds, log }): Promise<Results> {
      const { measureDiffs } = await import("./diff.ts");
      return under("diff", async () => ({ diffs: await measureDiffs(rounds, log) }));
    },
  },
  lives: {
    says: "stage's systems: up, nothing to do, an image changed, destroy; Orrery, today's tool, a bare program",
    lab: true,
    async measure({ rounds, systems, log }): Promise<Results> {
      const { contestants } = await import("./tasks.ts");
      let results = nothing;
      for (const system of systems) {
        const measured = await under(`lives of ${system}`, async () => {
          const all = await contestants(system);
          try {
            return { lives: await live(system, all, rounds, log) };
          } finally {
            for (const one of all) await one.close();
          }
        });
        results = merged(results, measured);
      }
      return results;
    },
  },
  growth: {
    says: "a program with the engine on the lab, 1x to 10x: up and no-op up, time and memory",
    lab: true,
    async measure({ rounds, log }): Promise<Results> {
      const { engineGrowth } = await import("./growth.ts");
      return under("growth", async () => ({ growth: await engineGrowth(rounds, log) }));
    },
  },
} satisfies Readonly<Record<string, PartOf>>;

export type Part = keyof typeof parts;

/** Figures with what they were measured under. */
async function under(name: string, measure: () => Promise<Partial<Results>>): Promise<Results> {
  const before = load();
  const figures = await measure();
  return { ...nothing, ...figures, circumstances: { [name]: await circumstances(before, new Date()) } };
}

/** Runs parts one after the other. */
export async function run(names: readonly Part[], wanted: Wanted): Promise<Results> {
  let results = nothing;
  for (const name of names) {
    wanted.log(`${name} ...`);
    results = merged(results, await parts[name].measure(wanted));
  }
  return results;
}
