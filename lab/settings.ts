/** Folder and ports of this checkout's lab. */
import { homedir } from "node:os";
import path from "node:path";
import { labFolder, readPassword, recordedPort } from "./folder.ts";

/** Folder of the checkout. */
export const root = path.dirname(import.meta.dirname);

/** Offsets from the first port; all listen on loopback only. */
const offsets = {
  keystone: 0,
  glance: 1,
  placement: 2,
  nova: 3,
  neutron: 4,
  cinder: 5,
  designate: 6,
  octavia: 7,
  metadata: 8,
  swift: 10, // proxy; account, container and object server follow on 11, 12, 13
  dns: 20,
  mdns: 21,
  rndc: 22,
  kubernetes: 30,
  scheduler: 33,
  kwok: 34,
  controllers: 35,
  registry: 36,
  imports: 37,
  metrics: 38,
  names: 39,
  acme: 40,
} as const;

/** Name of a listening service of the lab. */
export type PortName = keyof typeof offsets;

/** Settings of one lab. */
export interface LabSettings {
  /** State folder: configuration, data, logs, pid files. Setting: ORRERY_LAB. @default .lab/main in the checkout */
  readonly dir: string;
  /** First of the 100 ports that the lab may take. Setting: ORRERY_PORTS. @default those of the folder's lab, else 15000 */
  readonly firstPort: number;
  readonly ports: Readonly<Record<PortName, number>>;
  /** Of its OpenStack users, and token of its Kubernetes API. @throws when it is read before the lab was made */
  readonly password: string;
  /** Network namespace of the machines, named after the first port. */
  readonly netns: string;
  /** Third byte of every network of this lab, so that the networks of two labs do not overlap. */
  readonly slot: number;
  /** External network "public": 198.18.<slot>.0/24, from the benchmark range of RFC 2544. */
  readonly publicCidr: string;
}

/**
 * Settings from the environment.
 * @throws if ORRERY_PORTS is not a multiple of 100 from 10000 to 32000, or ORRERY_LAB names a folder that holds other things
 */
export function labSettings(env: NodeJS.ProcessEnv = process.env): LabSettings {
  const dir = labFolder(env.ORRERY_LAB, root);
  const firstPort = Number(env.ORRERY_PORTS ?? recordedPort(dir) ?? 15000);
  if (!Number.isInteger(firstPort) || firstPort % 100 !== 0 || firstPort < 10000 || firstPort > 32000) {
    throw new Error(
      `ORRERY_PORTS is "${env.ORRERY_PORTS ?? ""}"; set it to a multiple of 100 from 10000 to 32000, e.g. 16000`,
    );
  }
  const ports = Object.fromEntries(Object.entries(offsets).map(([name, offset]) => [name, firstPort + offset]));
  const slot = (firstPort / 100) % 256;
  return {
    dir,
    get password() {
      return readPassword(dir);
    },
    firstPort,
    ports: ports as Record<PortName, number>,
    netns: `orrery-${firstPort}`,
    slot,
    publicCidr: `198.18.${slot}.0/24`,
  };
}

/**
 * How far after the first port of the checkout's lab those of its other labs begin, as all may run at once. `npm test` takes the next hundred (setup.mjs), for
 * which this holds as well; its own clusters take the one after that.
 */
const distances = { peers: 300, demo: 500, prow: 700 } as const;

/** Settings of another lab of this checkout, in a folder next to the given one's. */
export function labNextTo({ dir, firstPort }: LabSettings, kind: keyof typeof distances): LabSettings {
  const distance = distances[kind];
  const first = firstPort + (firstPort + distance > 32_000 ? -distance : distance);
  return labSettings({ ORRERY_LAB: `${dir}-${kind}`, ORRERY_PORTS: String(first) });
}

/** Cache for everything that is built once per machine: toolchain, machine image. Setting: ORRERY_CACHE. @default ~/.cache/orrery */
export const cacheDir = path.resolve(process.env.ORRERY_CACHE ?? path.join(homedir(), ".cache", "orrery"));
