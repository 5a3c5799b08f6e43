/** `npm run --silent render -- --stack S`: prints the stack's resources as JSON. */
import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";
import { deployProblems } from "../config/deployable.ts";
import { projectDir, readStackFile, stackNames, stackPath } from "../config/stackFile.ts";
import { schemas } from "../components/registry.ts";
import type { Replacements } from "./evaluate/render.ts";
import { stubSdk } from "../config/stubSdk.ts";
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";

exitOnBrokenPipe();

const usage = `Usage: npm run --silent render -- --stack STACK [--for-deploy]

Prints every resource that the stack's program registers, as JSON: an array sorted by urn of
{urn, type, name, parent, provider, inputs, options}; secrets are the text "[secret]".
Requires no passphrase, network, cloud or plugin: samples replace the secrets. With --for-deploy it first decrypts and checks the
stack's own secrets (PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE), and fails where up would fail. Stacks: ${stackNames().join(", ")}`;

/** One line on stderr, and the exit code. */
function fail(error: unknown): void {
  process.stderr.write(`render: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", short: "s" },
      comparison: { type: "string" },
      "for-deploy": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  if (values.stack === undefined) throw new Error(`which stack? --stack ${stackNames().join(" | ")}`);
  const file = stackPath(values.stack); // an unknown stack fails before the SDKs are loaded
  if (values["for-deploy"] === true) {
    const problems = deployProblems(values.stack, readStackFile(file), Object.values(schemas));
    if (problems !== undefined) throw new Error(problems);
  }
  // Compiling the SDKs would take half of a render's time.
  enableCompileCache(path.join(projectDir, "node_modules", ".cache", "compile"));
  stubSdk();
  const { render, renderForComparison } = await import("./evaluate/render.ts");
  const all =
    values.comparison === undefined
      ? await render(values.stack)
      : await renderForComparison(values.stack, JSON.parse(readFileSync(values.comparison, "utf8")) as Replacements);
  process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
}

// An output may fail after its resource was registered; that error is printed like any other, once.
process.once("unhandledRejection", fail);
main().catch(fail);
