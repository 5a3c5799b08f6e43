/** Where connections are tried from: the network namespaces of a cluster's pods, and the router's. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { nodeNetwork, realNodes } from "../../../lab/kubernetes/nodes/plan.ts";
import type { LabSettings } from "../../../lab/settings.ts";

const execute = promisify(execFile);

/** In the command line of the image "pause" of lab/images/recipes.ts. */
const pause = "while :; do sleep 2147483647";

/** A network namespace, and the address that calls leave with. */
export interface Place {
  readonly netns: string;
  /** @default the kernel's choice */
  readonly from?: string;
}

/** Network namespaces of pods by the pods' addresses, which are the same in every lab. */
export async function podPlaces(lab: LabSettings): Promise<ReadonlyMap<string, Place>> {
  const groups = realNodes(lab).map(({ netns }) => `/${netns}/`);
  const byNamespace = new Map<string, string>();
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      // The first process of each pod stays, whatever becomes of its containers.
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(pause)) continue;
      const group = readFileSync(`/proc/${pid}/cgroup`, "utf8");
      if (groups.some((one) => group.includes(one))) byNamespace.set(readlinkSync(`/proc/${pid}/ns/net`), pid);
    } catch {
      // it has ended meanwhile
    }
  }
  const places = await Promise.all(
    [...byNamespace.values()].map(async (pid): Promise<[string, Place][]> => {
      const netns = `/proc/${pid}/ns/net`;
      const shown = await execute("nsenter", [`--net=${netns}`, "ip", "-4", "-o", "address"]).catch(() => undefined);
      const address = /inet (100\.64\.\d+\.\d+)/.exec(shown?.stdout ?? "")?.[1];
      return address === undefined ? [] : [[address, { netns }]];
    }),
  );
  return new Map(places.flat());
}

/** The router's place. */
export function routerPlace(lab: LabSettings): Place {
  const { netns, ingress } = nodeNetwork(lab);
  return { netns: `/run/netns/${netns}`, from: ingress };
}

/** Tries all targets at once. @returns whether each was reached */
export async function tryAll(
  { netns, from }: Place,
  to: readonly (readonly [address: string, port: number])[],
): Promise<readonly boolean[]> {
  const probing = execute("nsenter", [`--net=${netns}`, "python3", path.join(import.meta.dirname, "probe.py")]);
  probing.child.stdin?.end(JSON.stringify({ from: from ?? null, to }));
  return JSON.parse((await probing).stdout) as boolean[];
}
