/** What runs, beside what the settings ask for. */
import { dialsSchema } from "../../components/dials/config.ts";
import type { Command } from "../command.ts";
import { Kubectl, kubectlHelp, kubectlOptions } from "../kubectl.ts";
import { openStack, stackHelp, stackOptions } from "../lib/stack.ts";
import { targets } from "./targets.ts";

/** A Deployment as `list` tells it. */
export interface Row {
  readonly name: string;
  readonly group: string;
  /** Undefined when there is no such Deployment. */
  readonly wanted: number | undefined;
  readonly ready: number;
  readonly updated: number;
  readonly images: readonly string[];
  /** `ok`, or what is odd about it. */
  readonly note: string;
}

/** As much of a Deployment as is read. */
interface Deployment {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly replicas?: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status: { readonly readyReplicas?: number; readonly updatedReplicas?: number };
}

/** One row a Deployment that is there or should be, sorted by group. */
export function rows(
  expected: readonly { name: string; group: string; paused: boolean }[],
  found: readonly Deployment[],
): readonly Row[] {
  const there = new Map(found.map((one) => [one.metadata.name, one]));
  const unknown = found.filter(({ metadata }) => !expected.some(({ name }) => name === metadata.name));
  const all = [
    ...expected.map((one) => ({ ...one, note: undefined })),
    ...unknown.map(({ metadata }) => ({
      name: metadata.name,
      group: metadata.labels?.["app.kubernetes.io/part-of"] ?? "-",
      paused: false,
      note: "not in the settings",
    })),
  ];
  return all
    .map(({ name, group, paused, note }): Row => {
      const deployment = there.get(name);
      const wanted = deployment === undefined ? undefined : (deployment.spec.replicas ?? 1);
      const ready = deployment?.status.readyReplicas ?? 0;
      const updated = deployment?.status.updatedReplicas ?? 0;
      const images = deployment?.spec.template.spec.containers.map(({ image }) => image) ?? [];
      return { name, group, wanted, ready, updated, images, note: note ?? noteOf(wanted, ready, updated, paused) };
    })
    .sort((a, b) => (`${a.group} ${a.name}` < `${b.group} ${b.name}` ? -1 : 1));
}

function noteOf(wanted: number | undefined, ready: number, updated: number, paused: boolean): string {
  if (wanted === undefined) return "missing";
  if (wanted === 0) return paused ? "paused" : "scaled to 0, but not paused in the settings";
  if (paused) return "runs, but is paused in the settings";
  if (updated < wanted) return "rolling out";
  return ready < wanted ? "not ready" : "ok";
}

export const command: Command = {
  help: `Usage: npm run ops -- dials list --stack S [--json]

Lists the Deployments: wanted, ready and updated pods, and what is odd. Exit code 1 when something is missing or not ready.

${stackHelp}
${kubectlHelp}
  --json             the same as JSON, with images`,
  options: { ...stackOptions, ...kubectlOptions, json: { type: "boolean" } },
  async run({ values }) {
    const { settings } = openStack(dialsSchema, values);
    const { items } = await new Kubectl(settings.namespace.name, values).get<{ items: Deployment[] }>("deployments");
    const expected = targets(settings).map(({ name, group, etl }) => ({
      name,
      group,
      paused: etl && settings.etl.paused,
    }));
    const table = rows(expected, items);
    if (values.json === true) {
      console.log(JSON.stringify(table, undefined, 2));
    } else {
      console.log(`${"GROUP".padEnd(18)}${"NAME".padEnd(22)}READY  NOTE`);
      for (const { group, name, ready, wanted, note } of table) {
        console.log(`${group.padEnd(18)}${name.padEnd(22)}${`${ready}/${wanted ?? "-"}`.padEnd(7)}${note}`);
      }
    }
    return table.every(({ note }) => ["ok", "paused", "not in the settings"].includes(note)) ? 0 : 1;
  },
};
