/** `npm run review -- BASE [HEAD]`: reviews a change of the code, without a cloud, a passphrase or a plugin. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { allResources, compareCommits } from "./compareCommits.ts";
import { checkOut, workingTree } from "./checkout.ts";
import { markdown, summaryLine } from "./report/markdown.ts";
import { page } from "./report/page.ts";
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";

exitOnBrokenPipe();

const usage = `Usage: npm run --silent review -- BASE [HEAD] [--page FILE]
       npm run --silent review -- --map FILE

Renders every stack at two commits and prints the differences as Markdown: created, updated, replaced and deleted resources,
field by field. HEAD defaults to the working tree. BASE and HEAD are any names of commits that git accepts.

  --page FILE   also writes an HTML page, a map of all resources with the changes
  --map FILE    writes that page for the working tree alone, without changes`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { page: { type: "string" }, map: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  const [base, head, ...more] = positionals;
  if (values.help === true) {
    console.log(usage);
    return;
  }
  if (values.map !== undefined && base === undefined) {
    const stacks = await allResources(workingTree);
    const resources = stacks.reduce((sum, one) => sum + one.resources.length, 0);
    writeFileSync(
      values.map,
      page("Orrery: all resources", `${resources} resources in ${stacks.length} stacks`, stacks),
    );
    return;
  }
  if (base === undefined || more.length > 0) throw new Error(`name one or two commits\n\n${usage}`);
  const from = await checkOut(base);
  try {
    const to = head === undefined ? workingTree : await checkOut(head);
    try {
      const stacks = await compareCommits(from, to);
      process.stdout.write(markdown(stacks, from.name, to.name));
      if (values.page !== undefined)
        writeFileSync(values.page, page(`Orrery: ${from.name} to ${to.name}`, summaryLine(stacks), stacks));
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`review: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
