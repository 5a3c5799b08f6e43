/** What an event of a soak is. */

/** What is seen of an event. */
export type Look = "done" | "failed" | "nothing yet";

/** A kind of event. */
export interface EventKind {
  readonly name: string;
  /** How often it happens, next to the others. */
  readonly weight: number;
  /** Seconds after which somebody asks why nothing is seen. */
  readonly patience: number;
  /** @returns by which the event is known */
  readonly send: (number: number) => Promise<string>;
  /** What is seen of events; those that are left out are not seen yet. */
  readonly look: (ids: readonly string[]) => Promise<ReadonlyMap<string, Look>>;
  /** What people do when nothing is seen. @returns how many deliveries GitHub's page showed as failed */
  readonly again: (id: string) => Promise<number>;
  /** What makes the service itself lose an event that has reached it: programs whose death within so many seconds explains it, and why. */
  readonly loses: readonly Loss[];
}

/** A program, as `namespace/pod`, whose death makes a service lose events of the last seconds. */
export interface Loss {
  readonly program: RegExp;
  readonly seconds: number;
  readonly why: string;
}

/** What loses tasks of Packit. */
export const lossesOfPackit: readonly Loss[] = [
  { program: /\/packit-worker/, seconds: 300, why: "a killed worker's task waits an hour in Redis for another one" },
  { program: /\/(redis|valkey)-/, seconds: 300, why: "Redis loses what is younger than its last snapshot" },
  { program: /\/postgres-/, seconds: 300, why: "the database crashed in the middle of a task" },
  { program: /\/tokman-/, seconds: 300, why: "no token for a task" },
  { program: /-sandbox\//, seconds: 300, why: "the sandbox died, and Packit says so" },
];

/** What loses events that go through a tunnel to a bot. */
export const tunnelLosses = (bot: RegExp): readonly Loss[] => [
  { program: /\/ultrahook/, seconds: 120, why: "ultrahook.com loses what comes while the tunnel's client is away" },
  { program: bot, seconds: 60, why: "the tunnel's client finds no bot, and ultrahook.com is told nothing" },
];

/** What is seen of each. */
export const seenOf = async (ids: readonly string[], look: (id: string) => Promise<Look>): Promise<Map<string, Look>> =>
  new Map(await Promise.all(ids.map(async (id) => [id, await look(id)] as const)));
