/** `orrery render`. */
import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import path from "node:path";
import { z } from "zod";
import { defineCommand } from "../../cli/command.ts";
import { deployProblems } from "../../config/deployable.ts";
import { parseJson } from "../../config/parse.ts";
import { projectDir, readStackFile, stackPath } from "../../config/stackFile.ts";
import { schemas } from "../../components/registry.ts";
import { stubSdk } from "../../config/stubSdk.ts";
import type { Replacements } from "../evaluate/render.ts";

const replacements = z.object({ urns: z.array(z.string()), secrets: z.array(z.string()) });

export const command = defineCommand({
  about: `Prints every resource of a stack as JSON. It is an array sorted by urn of {urn, type, name, parent, provider, inputs,
options}; secrets are the text "[secret]". Needs no passphrase, network, cloud or plugin: samples stand for the secrets. With
--for-deploy the stack's own secrets are checked first (PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE), and what up would
refuse is refused.`,
  options: {
    stack: { type: "string", short: "s", value: "STACK", required: true, help: "the stack: reads Pulumi.STACK.yaml" },
    comparison: { type: "string", value: "FILE", help: "render for a comparison with the values of that file" },
    "for-deploy": { type: "boolean", help: "check the stack's own secrets first" },
  },
  async run({ stack, comparison, forDeploy }) {
    const file = stackPath(stack); // before the SDKs are loaded
    const compared = comparison === undefined ? undefined : replacementsIn(comparison);
    if (forDeploy) {
      const problems = deployProblems(stack, readStackFile(file), Object.values(schemas))?.text;
      if (problems !== undefined) throw new Error(problems);
    }
    // Compiled code of the SDKs is cached: compiling them would take half of a render's time.
    enableCompileCache(path.join(projectDir, "node_modules", ".cache", "compile"));
    stubSdk();
    // An output that fails after its resource was registered is reported like any error, once.
    process.once("unhandledRejection", (error: unknown) => {
      console.error(`orrery: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    });
    const { render, renderForComparison } = await import("../evaluate/render.ts");
    const all = compared === undefined ? await render(stack) : await renderForComparison(stack, compared);
    process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    return Number(process.exitCode ?? 0);
  },
});

/** @throws without a word of the file, which may be any */
function replacementsIn(file: string): Replacements {
  const { data } = replacements.safeParse(parseJson(readFileSync(file, "utf8")));
  if (data === undefined) throw new Error(`--comparison ${file} holds no {"urns": [...], "secrets": [...]}`);
  return data;
}
