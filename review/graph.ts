/** `npm run graph [-- --check]`: the graph of components in docs/architecture.md, drawn from the renders of all stacks. */
import { readFileSync, writeFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";
import { projectDir, stackNames } from "../config/stackFile.ts";
import { stubSdk } from "../config/stubSdk.ts";
import type { Rendered } from "./evaluate/render.ts";
import { isComponent } from "./report/format.ts";

const file = path.join(projectDir, "docs", "architecture.md");
const [begin, end] = ["<!-- components: npm run graph -->", "<!-- /components -->"];

/** The systems' components, their parents and their clusters and clouds, as a Mermaid flowchart. */
export function graph(stacks: readonly (readonly Rendered[])[]): string {
  const edges = new Set<string>();
  for (const resources of stacks) {
    const byUrn = new Map(resources.map((one) => [one.urn, one]));
    const owner = (urn: string): Rendered | undefined => {
      const one = byUrn.get(urn);
      return one === undefined || isComponent(one.type) ? one : owner(one.parent);
    };
    for (const { type, parent, provider } of resources) {
      const above = owner(parent);
      if (above === undefined) continue;
      if (isComponent(type) && type !== above.type) edges.add(`${nodeOf(above.type)} --> ${nodeOf(type)}`);
      const target = /pulumi:providers:(kubernetes|openstack)::/.exec(provider)?.[1];
      if (target !== undefined) edges.add(`${systemNode(above.type)} ==> ${target}{{${target}}}`);
    }
  }
  return ["```mermaid", "flowchart LR", ...[...edges].sort().map((edge) => `  ${edge}`), "```"].join("\n");
}

/** `packit_Worker[Worker]`; a system's top component is the node of the system. */
function nodeOf(type: string): string {
  const [, system = "", kind = ""] = type.split(":");
  return kind.toLowerCase() === system ? systemNode(type) : `${system}_${kind}[${kind}]`;
}

function systemNode(type: string): string {
  const system = type.split(":")[1] ?? "";
  return `${system}([${system}])`;
}

/** The text with the graph between its markers. @throws if a marker is missing */
function inserted(text: string, drawn: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/architecture.md lacks ${begin} or ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${drawn}\n\n${text.slice(to)}`;
}

const usage = `Usage: npm run graph [-- --check]

Draws the graph of components into docs/architecture.md from the renders of all stacks; with --check it only fails if it is out of date.`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: "boolean" }, help: { type: "boolean", short: "h" } } });
  if (values.help === true) {
    console.log(usage);
    return;
  }
  enableCompileCache(path.join(projectDir, "node_modules", ".cache", "compile"));
  stubSdk();
  const { render } = await import("./evaluate/render.ts");
  const stacks: (readonly Rendered[])[] = [];
  for (const stack of stackNames()) stacks.push(await render(stack));
  const text = readFileSync(file, "utf8");
  const updated = inserted(text, graph(stacks));
  if (updated === text) return;
  if (values.check === true)
    throw new Error("the graph of components in docs/architecture.md is out of date; run: npm run graph");
  writeFileSync(file, updated);
}

main().catch((error: unknown) => {
  process.stderr.write(`graph: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
