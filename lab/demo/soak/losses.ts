/** What each service is known to lose, or to leave to people, when one of its programs dies. */
import { labDatabase } from "../../retarget.ts";
import type { ServiceAtWork } from "../packit/service.ts";

/** What died, as `namespace/pod/container`, `namespace/pod` or a node's name, that explains that an event needed help. */
export interface Loss {
  readonly program: RegExp;
  /** How long before an event a death may still explain it: the program starts again, and what waits for it is late. */
  readonly seconds: number;
  readonly why: string;
}

/** What starts again within this time is late for nothing else. A node and all of its programs take as long on a busy machine. */
const restart = 240;

const node: Loss = { program: /^[^/]+$/, seconds: restart, why: "a node lost its power" };

export const lossesOfProw = (jobs: string): readonly Loss[] => [
  { program: /\/hook-/, seconds: 60, why: "hook answers GitHub before it handles the event" },
  { program: new RegExp(`^${jobs}/`), seconds: restart, why: "the job's pod died, and Prow says so" },
  node,
];

export const lossesOfDials: readonly Loss[] = [
  {
    program: /\/(common-indexer|tracker-(bulk|priority))-/,
    seconds: restart,
    why: "a worker that is killed has acknowledged its task; an operator queues the file again",
  },
  {
    program: new RegExp(`^${labDatabase.namespace}/`),
    seconds: restart,
    why: "the database crashed in the middle of a task",
  },
  node,
];

/** Of Packit and of Stream, whose programs have the same names. */
export const lossesOfService = ({ namespace }: Pick<ServiceAtWork, "namespace">): readonly Loss[] => [
  {
    program: new RegExp(`^${namespace}/packit-worker`),
    seconds: restart,
    why: "a killed worker's task waits an hour in Redis for another one",
  },
  {
    program: new RegExp(`^${namespace}/(redis|valkey)-`),
    seconds: restart,
    why: "Redis loses what is younger than its last snapshot",
  },
  {
    program: new RegExp(`^${namespace}/postgres-`),
    seconds: restart,
    why: "the database crashed in the middle of a task",
  },
  node,
];

export const lossesOfPackit = (packit: Pick<ServiceAtWork, "namespace">): readonly Loss[] => [
  ...lossesOfService(packit),
  { program: /\/tokman-/, seconds: restart, why: "no token for a task" },
  { program: /-sandbox\//, seconds: restart, why: "the sandbox died, and Packit says so" },
];

export const lossesOfCentosBus = (packit: Pick<ServiceAtWork, "namespace">): readonly Loss[] => [
  ...lossesOfPackit(packit),
  { program: /-centosmsg-/, seconds: 60, why: "CentOS' bus keeps nothing for a listener that is away" },
];

/** @param bot - at the tunnel's end */
export const lossesOfTunnel = (bot: RegExp): readonly Loss[] => [
  { program: /\/ultrahook/, seconds: 120, why: "ultrahook.com loses what comes while the tunnel's client is away" },
  { program: bot, seconds: 60, why: "the tunnel's client finds no bot, and ultrahook.com does not learn of it" },
  node,
];

export const lossesOfCallysto: readonly Loss[] = [
  {
    program: /^callysto\/[^/]+$/,
    seconds: 600,
    why: "the machine lost its power, and an emulated one starts for minutes",
  },
  { program: /^callysto\//, seconds: restart, why: "a program of the hub died, and the pupil signs on again" },
];
