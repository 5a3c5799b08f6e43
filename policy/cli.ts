/** `npm run --silent policy -- --stack S`: a stack's policy violations and exceptions, without a cloud. */
import { parseArgs } from "node:util";
import { stackNames, stackPath } from "../config/stackFile.ts";
import { stubSdk } from "../config/stubSdk.ts";
import { type Exception, exceptionsOf, evaluate, stackResources, manifestsOf } from "./violations.ts";
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";

exitOnBrokenPipe();

const usage = `Usage: npm run --silent policy -- --stack STACK [--disposable] [--json]

Evaluates what the stack declares against the policies, offline: one line per violation, then the exceptions that
objects claim, counted by policy and reason. Exit code 1 if there is a violation.

  --disposable   the stack may be deleted with its data, so nothing has to be protected (as in test)
  --json         {"faults": [...], "exceptions": [{"rule", "where", "reason"}]}

Against a cloud, the same policies run as a policy pack: npx pulumi preview --policy-pack policy`;

/** Lines `COUNT POLICY: REASON`, sorted by policy and reason. */
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
  stackPath(values.stack); // an unknown stack fails before the SDKs are loaded
  stubSdk();
  const { render } = await import("../review/evaluate/render.ts");
  const resources = stackResources(await render(values.stack));
  const violations = evaluate(resources, { disposable: values.disposable ?? false });
  const exceptions = exceptionsOf(manifestsOf(resources));
  const lines = [
    ...violations.map((violation) => `VIOLATION ${violation}`),
    `${resources.length} resources, ${violations.length} violations, ${exceptions.length} exceptions`,
    ...counted(exceptions),
  ];
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify({ faults: violations, exceptions }, undefined, 2)}\n`
      : `${lines.join("\n")}\n`,
  );
  process.exitCode = violations.length > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  process.stderr.write(`policy: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
