/** Prometheus' own tool on the alerts of a stack. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import { run } from "../../../ops/lib/process.ts";
import { alertsOf, type DeclaredAlert, monitoredStack } from "../../unit/monitoring/stacks.ts";
import type { Case } from "./case.ts";

/** Alerts of a stack, as groups of a rule file. */
export async function groupsOf(stack: string): Promise<readonly { name: string; rules: readonly DeclaredAlert[] }[]> {
  return [...alertsOf(await monitoredStack(stack))].map(([name, rules]) => ({ name, rules }));
}

/** What promtool says, with its exit code. */
export async function promtool(tools: string, ...words: readonly string[]): Promise<{ code: number; said: string }> {
  const { status, stdout, stderr } = await run(path.join(tools, "promtool"), words);
  return { code: status, said: `${stdout}${stderr}` };
}

/** Writes a test of promtool for each half of each case, next to the rule files `<stack>.yaml`. @returns the file */
export function writeTests(folder: string, stack: string, cases: readonly Case[]): string {
  const tests = cases.flatMap(({ alert, at, firing, quiet, labels, severity, summary }) => {
    const fires = { exp_labels: { severity, ...labels }, exp_annotations: { summary } };
    return [
      { name: `${alert} fires`, series: firing, expected: [fires] },
      { name: `${alert} is silent`, series: quiet, expected: [] },
    ].map(({ name, series, expected }) => ({
      name,
      interval: "1m",
      input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
      alert_rule_test: [{ eval_time: at, alertname: alert, exp_alerts: expected }],
    }));
  });
  const file = path.join(folder, `${stack}.test.yaml`);
  writeFileSync(file, stringify({ rule_files: [`${stack}.yaml`], evaluation_interval: "1m", tests }));
  return file;
}
