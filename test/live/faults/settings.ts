/** Settings of the stacks that meet faults: small, and drawn so that each run makes, changes and takes away something. */
import { random } from "../../../lab/random.ts";
import type { Change } from "../../../lab/harness/system.ts";
import { hash } from "./faultProfile.ts";

/** A hub without a machine on OpenStack, or a graph database with its claim and tunnels on Kubernetes. */
export type Kind = "hub" | "graph";

/** A stack among others on the same lab. */
export interface Place {
  readonly kind: Kind;
  /** Part of every name that it gives, so that no two meet. */
  readonly mark: string;
}

/** What changes from run to run; sizes only grow. */
export interface Drawn {
  /** GB of the hub's volumes, and Gi of the graph's claim. */
  readonly size: number;
  /** Each new one makes a new server. */
  readonly rebuildToken: string;
  readonly flavor: string;
  readonly email: string;
  readonly tunnels: readonly string[];
  readonly paused: boolean;
  readonly ratel: boolean;
  readonly version: string;
  /** A second zone, which stays as it is protected. @default false */
  readonly second?: boolean;
  /** A security group without the stack's mark, so for one stack at a time. @default false */
  readonly packer?: boolean;
}

/** Two flavours whose servers have no machine: a resize goes from one to the other. */
export const flavors = ["lab.none", "lab.none2"] as const;

export const domainOf = ({ mark }: Place): string => `${mark}.farm`;
export const namespacesOf = ({ kind, mark }: Place): readonly string[] =>
  kind === "hub" ? [] : [`${mark}-hooks`, `${mark}-graph`];

/** Settings after the runs of these numbers, the last of which is the present one. */
export function drawn(seed: number, runs: readonly number[]): Drawn {
  const draws = runs.map((run) => ({ run, draw: random(hash(`${seed} settings ${run}`)) }));
  const each = draws.map(({ run, draw }) => ({
    run,
    grows: draw() < 0.5,
    rebuilds: draw() < 0.25,
    resizes: draw() < 0.1,
    email: `keeper${run}@callysto.ca`,
    tunnels: ["one", "two", "three"].filter(() => draw() < 0.5),
    paused: draw() < 0.3,
    ratel: draw() < 0.4,
    version: `v1.0.1${3 + Math.floor(draw() * 3)}`,
  }));
  const last = each.at(-1);
  const resizes = each.filter((one) => one.resizes).length;
  return {
    size: 1 + each.filter(({ grows }) => grows).length,
    rebuildToken: String(each.findLast(({ rebuilds }) => rebuilds)?.run ?? ""),
    flavor: flavors[resizes % 2 === 0 ? 0 : 1],
    email: last?.email ?? "keeper@callysto.ca",
    tunnels: last?.tunnels ?? ["one"],
    paused: last?.paused ?? false,
    ratel: last?.ratel ?? false,
    version: last?.version ?? "v1.0.15",
  };
}

/** The same as changes of the stack's file. */
export function changesOf(place: Place, own: Drawn): readonly Change[] {
  const { kind, mark } = place;
  const destination = { url: "https://managesf.thoth-station.ninja" };
  const tunnels = Object.fromEntries(own.tunnels.map((name) => [name, { key: "ultrahook-thoth", destination }]));
  const ultrahook = { cluster: "lab", namespace: `${mark}-hooks`, protect: true, paused: own.paused, tunnels };
  const graph = { cluster: "lab", namespace: `${mark}-graph`, mode: "single", whitelist: "172.54.0.0:172.54.255.255" };
  const dgraph = { ...graph, storageSize: `${own.size}Gi`, ratel: own.ratel, version: own.version };
  if (kind === "graph") return [[["thoth:settings"], { ultrahook, dgraph }]];
  const hub = {
    kind: "hub",
    domain: domainOf(place),
    name: { mode: "fixed", label: mark },
    flavor: own.flavor,
    image: "callysto-hub",
    // A plain update replaces the server: `rebuild` would lift a protection first.
    disposable: true,
    rebuildToken: own.rebuildToken,
    volumes: { mode: "new", size: own.size },
    floatingIp: { mode: "new" },
  };
  const zone = { mode: "create", email: own.email };
  const domains = [domainOf(place), ...(own.second === true ? [`second-${domainOf(place)}`] : [])];
  return [
    [["callysto:settings", "zones"], Object.fromEntries(domains.map((domain) => [domain, zone]))],
    [["callysto:settings", "packerSecurityGroup"], own.packer ?? false],
    [["callysto:settings", "environments", "hub-ci"], hub],
  ];
}
