/** The parts of the benchmark; each can run alone. */
import { live } from "./rounds.ts";
import { circumstances, load } from "./machine.ts";
import type { Contestant } from "./contestants/contestant.ts";
import { type Life, nothing, type Results } from "./results.ts";
import { systems as allSystems } from "./systems.ts";

/** What is asked for. */
export interface Wanted {
  readonly rounds: number;
  /** Systems of the parts `lives` and `versions`. @default all of them; of `versions` Thoth and all together */
  readonly systems: readonly string[] | undefined;
  /** Older commit of the part `versions`. */
  readonly against: string;
  readonly log: (line: string) => void;
}

/** Something that is measured as a whole, under a name of its own among the circumstances. */
type Measurement = readonly [name: string, measure: () => Promise<Partial<Results>>];

/** A part: what the help says of it, whether it wants a lab, and its measurements. */
interface PartOf {
  readonly says: string;
  readonly lab: boolean;
  readonly of: (wanted: Wanted) => readonly Measurement[];
}

/** The parts by name, in the order in which they are run. Imports are lazy: mocks and lab must not meet before they are wanted. */
export const parts = {
  evaluation: {
    says: "the program alone on mocks, 1x to 10x: time and memory",
    lab: false,
    of: ({ rounds }) => [
      [
        "evaluation",
        async (): Promise<Partial<Results>> => {
          const { evaluationGrowth } = await import("./growth.ts");
          return { growth: evaluationGrowth(rounds) };
        },
      ],
    ],
  },
  diff: {
    says: "render and offline diff of every stack, and kubectl diff of the same objects",
    lab: true,
    of: ({ rounds, log }) => [
      [
        "diff",
        async (): Promise<Partial<Results>> => {
          const { measureDiffs } = await import("./diff.ts");
          return { diffs: await measureDiffs(rounds, log) };
        },
      ],
    ],
  },
  lives: {
    says: "stage's systems: up, nothing to do, an image changed, destroy; Orrery, today's tool, a bare program",
    lab: true,
    of: ({ rounds, systems = allSystems, log }) =>
      systems.map((system) => [
        `lives of ${system}`,
        async (): Promise<Partial<Results>> => {
          const { contestants } = await import("./tasks.ts");
          return { lives: await lives(system, await contestants(system), rounds, log) };
        },
      ]),
  },
  versions: {
    says: "the same steps by this program and by an older commit of it, with processor time and saved states",
    lab: true,
    of: ({ rounds, systems = ["thoth", "all"], against, log }) =>
      systems.map((system) => [
        `versions of ${system}`,
        async (): Promise<Partial<Results>> => {
          const { versions } = await import("./tasks.ts");
          return { versions: await lives(system, await versions(system, against), rounds, log) };
        },
      ]),
  },
  growth: {
    says: "a program with the engine on the lab, 1x to 10x: up and no-op up, time and memory",
    lab: true,
    of: ({ rounds, log }) => [
      [
        "growth",
        async (): Promise<Partial<Results>> => {
          const { engineGrowth } = await import("./growth.ts");
          return { growth: await engineGrowth(rounds, log) };
        },
      ],
    ],
  },
  stacks: {
    says: "one stack for 1, 6, 10 and 50 simulated teams, and six for six: from nothing, and one change; time and saved states",
    lab: true,
    of: ({ rounds, log }) => [
      [
        "stacks",
        async (): Promise<Partial<Results>> => {
          const { sharedStacks } = await import("./teams.ts");
          return { stacks: await sharedStacks(rounds, log) };
        },
      ],
    ],
  },
} satisfies Readonly<Record<string, PartOf>>;

export type Part = keyof typeof parts;

/** The lives of one system with its contestants, and nothing of them left. */
async function lives(
  system: string,
  all: readonly Contestant[],
  rounds: number,
  log: Wanted["log"],
): Promise<readonly Life[]> {
  try {
    return await live(system, all, rounds, log);
  } finally {
    for (const one of all) await one.close();
  }
}

/**
 * Measures one thing after the other, each with what it was measured under; the rest goes on where one fails.
 * @param take gets the figures of each as soon as they are there
 * @returns names of what failed
 */
export async function run(
  names: readonly Part[],
  wanted: Wanted,
  take: (results: Results) => void,
): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const [name, measure] of names.flatMap((part) => parts[part].of(wanted))) {
    wanted.log(`${name} ...`);
    const before = load();
    try {
      const figures = await measure();
      take({ ...nothing, ...figures, circumstances: { [name]: await circumstances(before, new Date()) } });
    } catch (error) {
      wanted.log(`${name} failed: ${error instanceof Error ? error.message : String(error)}`);
      failed.push(name);
    }
  }
  return failed;
}
