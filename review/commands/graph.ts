/** `orrery graph`. */
import { readFileSync, writeFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import path from "node:path";
import { defineCommand } from "../../cli/command.ts";
import { projectDir, stackNames } from "../../config/stackFile.ts";
import { graph } from "../graph.ts";
import { stubSdk } from "../../config/stubSdk.ts";
import type { Rendered } from "../evaluate/render.ts";

const file = path.join(projectDir, "docs", "architecture.md");
const [begin, end] = ["<!-- components: npm run graph -->", "<!-- /components -->"];

/** The text with the graph between its marks. @throws if a mark is missing */
function inserted(text: string, made: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/architecture.md lacks ${begin} or ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${made}\n\n${text.slice(to)}`;
}

export const command = defineCommand({
  about: "Writes the graph of components into docs/architecture.md, from what the stacks render.",
  options: { check: { type: "boolean", help: "write nothing, fail if the page is not current" } },
  async run({ check }) {
    enableCompileCache(path.join(projectDir, "node_modules", ".cache", "compile"));
    stubSdk();
    const { render } = await import("../evaluate/render.ts");
    const stacks: (readonly Rendered[])[] = [];
    for (const stack of stackNames()) stacks.push(await render(stack));
    const text = readFileSync(file, "utf8");
    const made = inserted(text, graph(stacks));
    if (made === text) return 0;
    if (check) throw new Error("the graph of components in docs/architecture.md is not current; run: npx orrery graph");
    writeFileSync(file, made);
    return 0;
  },
});
