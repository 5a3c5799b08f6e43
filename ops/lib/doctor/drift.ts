/** What was changed outside the program, as a refresh that changes nothing reports it. */
import { ownPassphrase } from "../../../config/stackEnvironment.ts";
import { projectDir } from "../../../config/stackFile.ts";
import { run } from "../process.ts";
import { pulumiProgram } from "../pulumi.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

/**
 * Asks the clouds about everything in the state; takes as long as a refresh, and locks nothing.
 * @param signal - ends it early
 */
export async function drift(stack: string, file: string, signal?: AbortSignal): Promise<Finding> {
  // Stacks have passphrases of their own.
  const passphrase = ownPassphrase(stack, process.env);
  const args = ["refresh", "--preview-only", "--stack", stack, "--config-file", file, "--non-interactive"];
  const { status, stdout, stderr } = await run(pulumiProgram, [...args, "--color", "never"], {
    cwd: projectDir,
    timeout: 7200,
    env: passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase },
    ...(signal === undefined ? {} : { signal, endedBy: "SIGINT" }),
  });
  const look = `npx pulumi refresh --preview-only --diff --stack ${stack}`;
  if (status !== 0) {
    const said = `${stdout}\n${stderr}`.split("\n").find((line) => /error:/.test(line)) ?? "it failed";
    return problem("drift", `the refresh could not be had: ${said.trim()}`, look);
  }
  const counts = driftCounts(stdout);
  const changed = Object.entries(counts).filter(([kind]) => kind !== "unchanged");
  if (changed.length === 0) return ok("drift", `none; ${counts.unchanged ?? 0} resources are as the state has them`);
  const text = changed.map(([kind, count]) => `${count} ${kind}`).join(", ");
  return warning(
    "drift",
    `changed outside the program: ${text}`,
    `${look}; then up puts the program's back, or change the program`,
  );
}

/** The counts at a refresh's end: `~ 1 to update`, `- 2 to delete`, `100 unchanged`. */
export function driftCounts(output: string): Readonly<Record<string, number>> {
  const [, summary = ""] = /^Resources:\n((?: .*\n?)*)/m.exec(output) ?? [];
  const rows = [...summary.matchAll(/(\d+) (?:to )?(\w+)/g)].filter(
    ([, , kind]) => kind !== "change" && kind !== "changes",
  );
  return Object.fromEntries(rows.map(([, count, kind]) => [kind ?? "", Number(count)]));
}
