/**
 * `node ci/run.mjs drift STACK... [--state FILE] [--textfile FILE] [--dry-run]`: checks the deployed stacks for drift, and notifies every sink
 * of ci/alerts.ts once when a stack begins to differ and once when it no longer does. The one issue about drift lists every resource; with
 * --state what was reported is kept in FILE instead. With --dry-run it only prints the result, and exits with 3 if there is drift.
 *
 * STACK may be a pattern: prod*. PASSPHRASE_<STACK> (of prod-packit: PASSPHRASE_PROD_PACKIT, or PASSPHRASE_PROD) decrypts a stack's config, otherwise PULUMI_CONFIG_PASSPHRASE.
 * The report names the fields that differ but not their values, as some are secrets, and errors without what may be one.
 */
import path from "node:path";
import { parseArgs } from "node:util";
import { isGroup, stacksLike } from "../cli/group.ts";
import { run as runProgram } from "../ops/lib/process.ts";
import { pulumiProgram } from "../ops/lib/pulumi.ts";
import { openSalt } from "../config/passphrase.ts";
import { readStackFile, stackPath } from "../config/stackFile.ts";
import { passphraseOf } from "../ops/lib/secrets.ts";
import { titleOf } from "../review/report/format.ts";
import { deliver } from "./alerts/deliver.ts";
import { driftMarker, driftProblems, driftText, driftWasAsked, type StackDrift } from "./alerts/driftIssue.ts";
import { sinksOf } from "./alerts/sinks.ts";
import { driftMetricsText, writeMetrics } from "./alerts/textfile.ts";
import { run } from "./github.ts";
import { jobSecrets, redacted } from "./redact.ts";
import { ownPassphrase } from "../config/stackEnvironment.ts";

/** One step of `pulumi preview --json`. */
interface Step {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: { readonly inputs?: unknown };
  readonly newState?: { readonly inputs?: unknown };
  readonly diffReasons?: readonly string[] | null;
}

run("drift", async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "dry-run": { type: "boolean" },
      state: { type: "string" },
      textfile: { type: "string" },
      "config-file": { type: "string" },
    },
  });
  const stacks = positionals.flatMap((one) => (isGroup(one) ? stacksLike(one) : [one]));
  if (stacks.length === 0)
    throw new Error(
      "Usage: node ci/run.mjs drift STACK... [--state FILE] [--textfile FILE] [--dry-run] [--config-file FILE]",
    );
  const sinks = sinksOf(process.env);
  const found: StackDrift[] = [];
  for (const stack of stacks) {
    // One that hangs or cannot be asked keeps nobody from hearing of the others.
    const asked = driftOf(stack, values["config-file"]).catch((error: unknown) => ({
      ...{ drifted: [], failed: error instanceof Error ? error.message : String(error) },
    }));
    found.push({ stack, ...(await asked) });
  }
  if (values.textfile !== undefined) {
    const counts = found.flatMap(({ stack, drifted, failed }) =>
      failed === undefined ? [[stack, drifted.length] as const] : [],
    );
    writeMetrics(values.textfile, driftMetricsText(new Map(counts), new Date()));
  }
  const text = driftText(found);
  if (values["dry-run"] === true) {
    console.log(text.open ? text.list : "no drift");
    return text.open ? 3 : 0;
  }
  await deliver({
    ...{ sinks, problems: driftProblems(found), state: values.state, secrets: jobSecrets(process.env) },
    wasAsked: (key) => driftWasAsked(key, found),
    issue: { marker: driftMarker, text },
  });
  return 0;
});

/** Changes that `up` after a refresh would make. */
async function driftOf(stack: string, file: string | undefined): Promise<Omit<StackDrift, "stack">> {
  const config = file === undefined ? [] : ["--config-file", file];
  const args = ["preview", "--refresh", "--json", "--show-sames", "--stack", stack, ...config];
  // Stacks have passphrases of their own.
  const passphrase = ownPassphrase(stack, process.env);
  const own = passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase };
  // A crontab's PATH has no node_modules.
  const env = { PATH: `${process.env.PATH ?? ""}:${path.dirname(pulumiProgram)}`, ...own };
  const command = [...args, "--non-interactive", "--color", "never"];
  const { status, stdout, stderr } = await runProgram("pulumi", command, { env, timeout: 1200 });
  const preview = stdout.trimStart().startsWith("{")
    ? (JSON.parse(stdout) as { readonly steps?: readonly Step[] })
    : {};
  if (status !== 0 || preview.steps === undefined) {
    const passphrases = passphrase === undefined ? [] : [passphrase];
    const secrets = [...jobSecrets(process.env), ...passphrases, ...stackSecrets(stack, file, passphrase)];
    return { drifted: [], failed: firstError(redacted(stderr + stdout, secrets)) };
  }
  // A resource's last step is the update's; an earlier one is the refresh's, which may concern outputs only.
  const last = [...new Map(preview.steps.map((step) => [step.urn, step])).values()];
  const drifted = last.filter(({ op }) => !["same", "refresh", "read", "discard"].includes(op));
  return { drifted: drifted.map(line) };
}

function line({ op, urn, oldState, newState, diffReasons }: Step): string {
  const [, , types = "", name = ""] = urn.split("::");
  const type = types.split("$").at(-1) ?? types;
  const title = titleOf({ type, name, inputs: newState?.inputs ?? oldState?.inputs });
  const fields = diffReasons ?? [];
  return `${op} \`${title.replaceAll("`", "'")}\`${fields.length > 0 ? `: ${fields.map((one) => `\`${one}\``).join(", ")}` : ""}`;
}

/** Texts of the stack's secrets, so that none of them is published; none where a key service encrypts them. */
function stackSecrets(stack: string, file: string | undefined, passphrase: string | undefined): readonly string[] {
  const { entries, encryptionSalt, provider } = readStackFile(file ?? stackPath(stack));
  if (provider !== undefined || encryptionSalt === undefined) return [];
  try {
    const crypter = openSalt(encryptionSalt, passphrase ?? passphraseOf(stack));
    return [...entries.values()].flatMap(({ secret, value }) => (secret ? [crypter.decrypt(value)] : []));
  } catch {
    return []; // with a wrong passphrase the engine does not know them either
  }
}

/** The first error message in the output, which may be inside the engine's JSON. */
function firstError(text: string): string {
  const line = /error: [^\n"\\]*/.exec(text)?.[0] ?? text.trim().split("\n").at(-1) ?? "";
  return line.replaceAll("`", "'").slice(0, 500);
}
