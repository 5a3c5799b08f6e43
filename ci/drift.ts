/**
 * `node ci/drift.ts STACK... [--dry-run]`: whether the deployed stacks still are what the program declares, asked of the clouds; the one
 * issue about it is opened, updated or closed. With --dry-run it only prints, and exits with 3 when something drifts.
 *
 * PASSPHRASE_<STACK> opens a stack's config; without it PULUMI_CONFIG_PASSPHRASE does.
 * It tells which fields of which resources differ and never their values: some are secrets.
 */
import { parseArgs } from "node:util";
import { run as runProgram } from "../ops/lib/process.ts";
import { titleOf } from "../review/words.ts";
import { github, run } from "./github.ts";
import { type Finding, issueText, keepIssue } from "./issue.ts";

/** One step of `pulumi preview --json`. */
interface Step {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: { readonly inputs?: unknown };
  readonly newState?: { readonly inputs?: unknown };
  readonly diffReasons?: readonly string[] | null;
}

/** Resources that one issue lists. */
const most = 100;

run("drift", async () => {
  const { values, positionals: stacks } = parseArgs({
    allowPositionals: true,
    options: { "dry-run": { type: "boolean" }, "config-file": { type: "string" } },
  });
  if (stacks.length === 0) throw new Error("Usage: node ci/drift.ts STACK... [--dry-run] [--config-file FILE]");
  const findings: Finding[] = [];
  for (const stack of stacks) findings.push({ stack, report: await look(stack, values["config-file"]) });
  const drifts = findings.some(({ report }) => report !== undefined);
  if (values["dry-run"] === true) {
    console.log(drifts ? issueText(findings) : "nothing drifts");
    return drifts ? 3 : 0;
  }
  console.log(await keepIssue(findings, github()));
  return 0;
});

/** What an `up` after a refresh would do, as Markdown; undefined when that is nothing. */
async function look(stack: string, file: string | undefined): Promise<string | undefined> {
  const config = file === undefined ? [] : ["--config-file", file];
  const args = ["preview", "--refresh", "--json", "--show-sames", "--stack", stack, ...config];
  // Stacks have passphrases of their own.
  const passphrase = process.env[`PASSPHRASE_${stack.toUpperCase()}`];
  const env = passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase };
  const words = [...args, "--non-interactive", "--color", "never"];
  const { status, stdout, stderr } = await runProgram("pulumi", words, { env });
  const said = stdout.trimStart().startsWith("{") ? (JSON.parse(stdout) as { readonly steps?: readonly Step[] }) : {};
  if (status !== 0 || said.steps === undefined) return `It could not be looked at: \`${firstError(stderr + stdout)}\``;
  // The last step of a resource is the program's; one before it is what the refresh found, which may be outputs only.
  const last = [...new Map(said.steps.map((step) => [step.urn, step])).values()];
  const drifted = last.filter(({ op }) => !["same", "refresh", "read", "discard"].includes(op));
  if (drifted.length === 0) return undefined;
  const lines = drifted.slice(0, most).map(line);
  const rest = drifted.length > most ? [`- and ${drifted.length - most} more`] : [];
  return [
    `An \`up\` would change ${drifted.length} resource${drifted.length === 1 ? "" : "s"}:`,
    "",
    ...lines,
    ...rest,
  ].join("\n");
}

function line({ op, urn, oldState, newState, diffReasons }: Step): string {
  const [, , types = "", name = ""] = urn.split("::");
  const type = types.split("$").at(-1) ?? types;
  const title = titleOf({ type, name, inputs: newState?.inputs ?? oldState?.inputs });
  const fields = diffReasons ?? [];
  return `- ${op} \`${title.replaceAll("`", "'")}\`${fields.length > 0 ? `: ${fields.map((one) => `\`${one}\``).join(", ")}` : ""}`;
}

/** The line that says why it failed; the engine's JSON has it inside. */
function firstError(text: string): string {
  const line = /error: [^\n"\\]*/.exec(text)?.[0] ?? text.trim().split("\n").at(-1) ?? "";
  return line.replaceAll("`", "'").slice(0, 500);
}
