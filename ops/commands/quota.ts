/** `orrery quota`. */
import { callystoSchema } from "../../components/callysto/config.ts";
import { defineCommand } from "../../cli/command.ts";
import { stackKubectlOptions } from "../lib/kube/kubectl.ts";
import { jsonOption } from "../lib/options.ts";
import { cloudNeed } from "../lib/quota/cloudNeed.ts";
import { clusterRows, type QuotaRow } from "../lib/quota/clusterRows.ts";
import { quotaText } from "../../review/liveQuota.ts";
import { groupOptions, openStack } from "../lib/stack.ts";
import { messageOf } from "../lib/status/row.ts";
import { declare, open, type Situation } from "../lib/status/situation.ts";

export const command = defineCommand({
  about: `Compares what a stack asks for with what its clusters and clouds allow. It reads the stack's file, so that it can be asked before a
deployment: requests, limits, pods and claims of each namespace that has a ResourceQuota; servers, cores, memory, volumes and addresses of
each cloud's project. A job counts as one pod; what a rolling update has for a moment on top does not count. Changes nothing. Exit code 1
if a quota is too small even for this stack alone, or if a cluster or cloud does not answer.

--json prints {"rows", "unknown"}; a row is {"target", "name", "need", "quota", "used"}: cores, bytes (of clouds: MB and GB) or numbers; need
is missing where the stack does not say it.`,
  groups: { without: ["config-file"] },
  options: {
    ...groupOptions,
    ...stackKubectlOptions,
    ...jsonOption,
  },
  async run({ json, ...values }) {
    const end = new AbortController();
    const situation = open(await declare(values), values, new Date(), end.signal);
    try {
      const asked = [...situation.clusters.map((one) => [`cluster ${one.name}`, () => clusterRows(one)] as const)];
      const all = await Promise.all([...asked, ...cloudQuestions(situation)].map(answerOf));
      const [rows, unknown] = [all.flatMap((one) => one.rows), all.flatMap((one) => one.unknown)];
      if (json) console.log(JSON.stringify({ rows, unknown }, undefined, 2));
      else print(rows, unknown);
      return rows.some(isShort) || unknown.length > 0 ? 1 : 0;
    } finally {
      end.abort();
    }
  },
});

type Question = readonly [target: string, ask: () => Promise<readonly QuotaRow[]>];

interface Answer {
  readonly rows: readonly QuotaRow[];
  readonly unknown: readonly { readonly target: string; readonly text: string }[];
}

const isShort = ({ need, quota }: QuotaRow): boolean =>
  need !== undefined && quota !== undefined && quota >= 0 && need > quota;

function cloudQuestions(situation: Situation): readonly Question[] {
  if (!situation.systems.includes(callystoSchema.namespace)) return [];
  const { settings } = openStack(callystoSchema, situation.values);
  const target = `cloud ${settings.cloud}`;
  const ask = async (): Promise<readonly QuotaRow[]> =>
    (await cloudNeed(settings, await situation.cloud(settings.cloud))).map((one) => ({ target, ...one }));
  return [[target, ask]];
}

function answerOf([target, ask]: Question): Promise<Answer> {
  return ask().then(
    (rows) => ({ rows, unknown: [] }),
    (error: unknown) => ({ rows: [], unknown: [{ target, text: messageOf(error) }] }),
  );
}

function print(rows: readonly QuotaRow[], unknown: Answer["unknown"]): void {
  for (const [target, own] of Map.groupBy(rows, (row) => row.target)) {
    console.log(`${target.padEnd(48)}${"need".padStart(12)}${"quota".padStart(12)}${"in use".padStart(12)}`);
    for (const row of own) {
      const [need, quota, used] = [row.need, row.quota, row.used].map((value) => textOf(row, value).padStart(12));
      console.log(
        `  ${row.name.padEnd(46)}${need ?? ""}${quota ?? ""}${used ?? ""}${isShort(row) ? "  TOO SMALL" : ""}`,
      );
    }
  }
  if (rows.length === 0 && unknown.length === 0) console.log("nothing that the stack uses has a quota");
  for (const { target, text } of unknown) console.log(`${target} cannot be asked: ${text}`);
}

function textOf({ target, name }: QuotaRow, value: number | undefined): string {
  if (value === undefined) return "?";
  return value < 0 ? "no limit" : quotaText(target, name, value);
}
