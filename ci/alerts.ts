/**
 * `node ci/run.mjs alerts STACK... [--state FILE] [--textfile FILE] [--dry-run]`: runs doctor and status, and tells what began and what ended since
 * the last time: one message each to Slack (ALERT_SLACK_WEBHOOK), Matrix (ALERT_MATRIX_SERVER, _ROOM, _TOKEN) and mail (ALERT_SMTP_URL,
 * ALERT_MAIL_FROM, ALERT_MAIL_TO). What was reported is kept in FILE, else in the issue of the repository GITHUB_REPOSITORY, which lists
 * everything that is wrong. Exit code 1 if a sink does not take its message: it gets it the next time.
 *
 * STACK may be a pattern: prod*. PASSPHRASE_<STACK> (of prod-packit: PASSPHRASE_PROD_PACKIT, or PASSPHRASE_PROD) decrypts a stack's config, otherwise PULUMI_CONFIG_PASSPHRASE.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { isGroup, stacksLike } from "../cli/group.ts";
import { projectDir } from "../config/stackFile.ts";
import { run as runProgram } from "../ops/lib/process.ts";
import type { Finding } from "../ops/lib/doctor/finding.ts";
import type { Report } from "../ops/lib/status/row.ts";
import { changeOf, messageOf } from "./alerts/change.ts";
import { deliver } from "./alerts/deliver.ts";
import { healthMarker, healthText } from "./alerts/healthIssue.ts";
import { type Problem, problemsOfDoctor, problemsOfStatus, wasAsked } from "./alerts/problem.ts";
import { sinksOf } from "./alerts/sinks.ts";
import { metricsText, writeMetrics } from "./alerts/textfile.ts";
import { run } from "./github.ts";
import { jobSecrets, withoutSecrets } from "./redact.ts";
import { stackEnvironment } from "../config/stackEnvironment.ts";

run("alerts", async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "dry-run": { type: "boolean" },
      state: { type: "string" },
      textfile: { type: "string" },
      "config-file": { type: "string" },
      skip: { type: "string", multiple: true },
    },
  });
  const stacks = positionals.flatMap((one) => (isGroup(one) ? stacksLike(one) : [one]));
  if (stacks.length === 0)
    throw new Error(
      "Usage: node ci/run.mjs alerts STACK... [--state FILE] [--textfile FILE] [--skip SOURCE] [--dry-run]",
    );
  const sinks = sinksOf(process.env);
  const reports: Report[] = [];
  const doctored: string[] = [];
  const found: Problem[] = [];
  for (const stack of stacks) {
    const file = values["config-file"] === undefined ? [] : ["--config-file", values["config-file"]];
    const skip = (values.skip ?? []).flatMap((one) => ["--skip", one]);
    const report = await asked<Report>(stack, ["status", "--json", ...file, ...skip]);
    const findings = await asked<readonly Finding[]>(stack, ["doctor", "--json", "--no-drift", ...file]);
    if ("failed" in report) found.push(failure(stack, "status", report.failed));
    else found.push(...problemsOfStatus(report.answer));
    if ("failed" in findings) found.push(failure(stack, "doctor", findings.failed));
    else found.push(...problemsOfDoctor(stack, findings.answer));
    if ("answer" in report) reports.push(report.answer);
    if ("answer" in findings) doctored.push(stack);
  }
  const secrets = jobSecrets(process.env);
  const problems = found.map((one) => ({ ...one, text: withoutSecrets(one.text, secrets) }));
  if (values.textfile !== undefined) writeMetrics(values.textfile, metricsText(reports));
  if (values["dry-run"] === true) {
    const all = messageOf(changeOf({}, problems, () => true, new Date()));
    console.log(all === undefined ? "nothing is wrong" : `${all.title}\n${all.text}`);
    return 0;
  }
  await deliver({
    ...{ sinks, problems, secrets, state: values.state },
    wasAsked: (key) => wasAsked(key, reports, doctored),
    issue: { marker: healthMarker, text: healthText(problems) },
  });
  return 0;
});

type Asked<T> = { readonly answer: T } | { readonly failed: string };

/** Runs one of the operators' commands; 1 is the code of an answer that something is wrong. */
async function asked<T>(stack: string, words: readonly string[]): Promise<Asked<T>> {
  const env = stackEnvironment(stack, process.env);
  const args = [path.join(projectDir, "cli", "orrery.ts"), ...words, "--stack", stack];
  try {
    // One that hangs keeps nobody from hearing of the others: health.yml ends the job after half an hour.
    const { stdout, stderr } = await runProgram(process.execPath, args, { cwd: projectDir, env, timeout: 600 });
    if (/^[[{]/.test(stdout)) return { answer: JSON.parse(stdout) as T };
    return { failed: stderr.trim().split("\n")[0] ?? "it says nothing" };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

function failure(stack: string, command: string, text: string): Problem {
  return { key: `${command}|${stack}|failed`, stack, level: "bad", title: command, text: `cannot be run: ${text}` };
}
