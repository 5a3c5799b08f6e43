/** Asks whether everything runs that the settings ask for. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Workload } from "../../components/packit/inventory.ts";
import { expectedWorkloads } from "../../components/packit/inventory.ts";
import { type Command, duration } from "../command.ts";
import { type Kubectl, kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { stackHelp, stackOptions } from "../lib/stack.ts";
import { openInstance, serviceHelp, serviceOptions } from "./instance.ts";

/** A workload as `check` tells it. */
export interface Row {
  readonly name: string;
  readonly wanted: number;
  readonly ready: number;
  /** `ok`, or what is wrong. */
  readonly note: string;
}

/** As much of a Deployment or StatefulSet as is read. */
export interface Found {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly observedGeneration?: number;
  };
}

/** One row a workload; a pod counts only when it is ready, and of the newest revision. */
export function rows(expected: readonly Workload[], found: readonly Found[]): readonly Row[] {
  return expected.map(({ kind, name, replicas }): Row => {
    const object = found.find((one) => one.kind === kind && one.metadata.name === name);
    const ready = object?.status?.readyReplicas ?? 0;
    return { name, wanted: replicas, ready, note: noteOf(object, replicas, ready) };
  });
}

function noteOf(object: Found | undefined, wanted: number, ready: number): string {
  if (object === undefined) return "missing";
  if ((object.spec.replicas ?? 1) !== wanted)
    return `scaled to ${object.spec.replicas ?? 1}, the settings say ${wanted}`;
  const { observedGeneration = 0, updatedReplicas = 0 } = object.status ?? {};
  if (observedGeneration < (object.metadata.generation ?? 0) || updatedReplicas < wanted) return "rolling out";
  return ready < wanted ? "not ready" : "ok";
}

async function look(kubectl: Kubectl, expected: readonly Workload[]): Promise<readonly Row[]> {
  const { items } = await kubectl.get<{ items: Found[] }>("deployments,statefulsets");
  return rows(expected, items);
}

export const command: Command = {
  help: `Usage: npm run ops -- packit check --stack S [--wait 10m] [--json]

Asks the cluster whether every Deployment and StatefulSet that the settings ask for is there, as large as it should be, up to date
and ready. Exit code 1 when one is not.

${stackHelp}
${serviceHelp}
${kubectlHelp}
  --wait D           keep asking for so long until all is well
  --json             the rows as JSON`,
  options: {
    ...stackOptions,
    ...serviceOptions,
    ...kubectlOptions,
    wait: { type: "string" },
    json: { type: "boolean" },
  },
  async run({ values }) {
    const { settings, kubectl } = await openInstance(values);
    const deadline = Date.now() + duration(values, "wait", "0") * 1000;
    const well = (all: readonly Row[]): boolean => all.every(({ note }) => note === "ok");
    const expected = expectedWorkloads(settings);
    let table = await look(kubectl, expected);
    while (!well(table) && Date.now() < deadline) {
      await sleep(1000);
      table = await look(kubectl, expected);
    }
    if (values.json === true) console.log(JSON.stringify(table, undefined, 2));
    else
      for (const { name, ready, wanted, note } of table)
        console.log(`${name.padEnd(30)}${`${ready}/${wanted}`.padEnd(7)}${note}`);
    return well(table) ? 0 : 1;
  },
};
