/** `npm run --silent policy -- --stack S`: a stack's faults and exceptions, without a cloud. */
import { parseArgs } from "node:util";
import { stackNames, stackPath } from "../config/stackFile.ts";
import { loadSdkWithoutClosures } from "../review/quickLoad.ts";
import { type Exception, exceptionsOf, judge, judged, manifestsOf } from "./judge.ts";
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";

exitOnBrokenPipe();

const usage = `Usage: npm run --silent policy -- --stack STACK [--disposable] [--json]

Judges what the stack declares by the rules of the house, offline: every fault a line, then the exceptions that
objects claim, counted by rule and reason. Exit code 1 when there is a fault.

  --disposable   the stack may be thrown away with its data, so nothing need be protected (as in test)
  --json         {"faults": [...], "exceptions": [{"rule", "where", "reason"}]}

With a cloud the same rules run as a policy pack: npx pulumi preview --policy-pack policy`;

/** Lines `COUNT RULE: REASON`, most frequent first within a rule. */
function counted(exceptions: readonly Exception[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { rule, reason } of exceptions) {
    const line = `${rule}: ${reason}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].sort().map(([line, count]) => `${String(count).padStart(4)}  ${line}`);
}

async function main(): Promise<void> {
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    options: { stack: { type: "string", short: "s" }, disposable: flag, json: flag, help: { ...flag, short: "h" } },
  });
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  if (values.stack === undefined) throw new Error(`which stack? --stack ${stackNames().join(" | ")}`);
  stackPath(values.stack); // before the SDKs are loaded
  loadSdkWithoutClosures();
  const { render } = await import("../review/render.ts");
  const resources = judged(await render(values.stack));
  const faults = judge(resources, { disposable: values.disposable ?? false });
  const exceptions = exceptionsOf(manifestsOf(resources));
  const lines = [
    ...faults.map((fault) => `FAULT ${fault}`),
    `${resources.length} resources, ${faults.length} faults, ${exceptions.length} exceptions`,
    ...counted(exceptions),
  ];
  process.stdout.write(
    values.json === true ? `${JSON.stringify({ faults, exceptions }, undefined, 2)}\n` : `${lines.join("\n")}\n`,
  );
  process.exitCode = faults.length > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  process.stderr.write(`policy: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
