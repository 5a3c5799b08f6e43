/** `orrery policy`. */
import { defineCommand } from "../../cli/command.ts";
import { stackPath } from "../../config/stackFile.ts";
import { stubSdk } from "../../config/stubSdk.ts";
import { countedPins, imagesOf } from "../images.ts";
import { type Exception, evaluate, exceptionsOf, manifestsOf, stackResources } from "../violations.ts";

/** Lines `COUNT RULE: REASON`, most frequent first within a rule. */
function counted(exceptions: readonly Exception[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { rule, reason } of exceptions) {
    const line = `${rule}: ${reason}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].sort().map(([line, count]) => `${String(count).padStart(4)}  ${line}`);
}

export const command = defineCommand({
  about: `Checks what a stack declares against the policies, offline. Prints every violation, then the exceptions that objects claim,
counted by policy and reason, and its images, counted by what fixes them. Exit code 1 if there is a violation. Against a cloud, the same policies run as a policy pack: npx pulumi
preview --policy-pack policy.

--json prints {"faults": [...], "exceptions": [{"rule", "where", "reason"}]}.`,
  options: {
    stack: { type: "string", short: "s", value: "STACK", required: true, help: "the stack: reads Pulumi.STACK.yaml" },
    disposable: {
      type: "boolean",
      help: "the stack may be deleted with its data, so nothing has to be protected (as in test)",
    },
    json: { type: "boolean", help: "print JSON" },
  },
  async run({ stack, disposable, json }) {
    stackPath(stack); // before the SDKs are loaded
    stubSdk();
    const { render } = await import("../../review/evaluate/render.ts");
    const resources = stackResources(await render(stack));
    const violations = evaluate(resources, { disposable });
    const manifests = manifestsOf(resources);
    const exceptions = exceptionsOf(manifests);
    const images = imagesOf(manifests);
    const lines = [
      ...violations.map((violation) => `VIOLATION ${violation}`),
      `${resources.length} resources, ${violations.length} violations, ${exceptions.length} ${exceptions.length === 1 ? "exception" : "exceptions"}`,
      ...counted(exceptions),
      `${images.length} images, each fixed`,
      ...countedPins(images),
    ];
    process.stdout.write(
      json ? `${JSON.stringify({ faults: violations, exceptions }, undefined, 2)}\n` : `${lines.join("\n")}\n`,
    );
    return violations.length > 0 ? 1 : 0;
  },
});
