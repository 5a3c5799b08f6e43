/** What the benchmark writes down: `docs/performance.json`. */

/** Steps of a life, in their order. */
export const steps = ["up", "noop", "change", "destroy"] as const;
export type Step = (typeof steps)[number];

/** Where and with what was measured. */
export interface Circumstances {
  readonly date: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Mean number of waiting or running processes in the minute before and the one at the end. */
  readonly load: { readonly before: number; readonly after: number };
  /** Whether the engine saved its state after each step, as by default, or once an update. */
  readonly checkpoints: boolean;
}

/** A figure of each round, by step. */
export type Rounds = Readonly<Partial<Record<Step, readonly number[]>>>;

/** One way of deploying one system, measured. */
export interface Life {
  readonly system: string;
  readonly contestant: string;
  /** Resources that it manages. */
  readonly resources: number;
  /** Time on the clock. */
  readonly seconds: Rounds;
  /** Seconds of processor time, user and system, of the tool with all that it starts. */
  readonly cpu?: Rounds;
  /** How often the engine saved its state; only of Pulumi's programs. */
  readonly saves?: Rounds;
}

/** How long it takes to show what would change; seconds of each round. */
export interface DiffFigures {
  readonly stack: string;
  readonly objects: number;
  readonly render: readonly number[];
  readonly offline: readonly number[];
  readonly kubectl: readonly number[];
}

/** One size of something that grows. */
export interface Growth {
  readonly what: string;
  readonly resources: number;
  readonly seconds: readonly number[];
  /** Highest resident memory of its processes. */
  readonly megabytes: readonly number[];
}

/** What teams wait for in a stack that they share, or in stacks of their own that are updated side by side. */
export interface Shared {
  readonly teams: number;
  /** Stacks that the teams have together. */
  readonly stacks: number;
  /** Of all stacks. */
  readonly resources: number;
  /** All stacks from nothing, and a change of one resource of one team. */
  readonly up: Saved;
  readonly change: Saved;
}

/** An update and the states that it saved; of each round. */
export interface Saved {
  readonly seconds: readonly number[];
  readonly saves: readonly number[];
  readonly megabytes: readonly number[];
}

/** What was measured last of each part; a part that was never run is empty. */
export interface Results {
  /** By part, and of the part `lives` by system: each is one run. */
  readonly circumstances: Readonly<Record<string, Circumstances>>;
  readonly lives: readonly Life[];
  /** This program and an older one, by system. */
  readonly versions: readonly Life[];
  readonly diffs: readonly DiffFigures[];
  readonly growth: readonly Growth[];
  /** One stack for so many teams. */
  readonly stacks: readonly Shared[];
}

/** What is known with a further run: its parts and systems take the place of earlier ones. */
export function merged(old: Results, now: Results): Results {
  const lives = (part: "lives" | "versions"): readonly Life[] => {
    const systems = new Set(now[part].map(({ system }) => system));
    return [...old[part].filter(({ system }) => !systems.has(system)), ...now[part]];
  };
  const grown = new Set(now.growth.map(({ what }) => what));
  return {
    circumstances: { ...old.circumstances, ...now.circumstances },
    lives: lives("lives"),
    versions: lives("versions"),
    diffs: now.diffs.length > 0 ? now.diffs : old.diffs,
    growth: [...old.growth.filter(({ what }) => !grown.has(what)), ...now.growth],
    stacks: now.stacks.length > 0 ? now.stacks : old.stacks,
  };
}

/** Nothing measured yet. */
export const nothing: Results = { circumstances: {}, lives: [], versions: [], diffs: [], growth: [], stacks: [] };
