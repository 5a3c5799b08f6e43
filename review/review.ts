/** `npm run review -- BASE [HEAD]`: what a change of the code does, without a cloud, a passphrase or a plugin. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { everything, reviewBetween } from "./between.ts";
import { checkOut, workingTree } from "./checkout.ts";
import { markdown, summaryLine } from "./markdown.ts";
import { page } from "./page.ts";
import { exitOnBrokenPipe } from "../config/brokenPipe.ts";

exitOnBrokenPipe();

const usage = `Usage: npm run --silent review -- BASE [HEAD] [--page FILE]
       npm run --silent review -- --map FILE

Renders every stack at two commits and prints what differs as Markdown: created, changed, replaced and deleted resources,
field by field. HEAD is the working tree unless it is named. BASE and HEAD are whatever git takes for a commit.

  --page FILE   writes the same as one HTML page, a map with the changes in it
  --map FILE    writes that page without changes: the map of what the working tree declares`;

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
    const stacks = await everything(workingTree);
    const resources = stacks.reduce((sum, one) => sum + one.resources.length, 0);
    writeFileSync(
      values.map,
      page("Orrery: what there is", `${resources} resources in ${stacks.length} stacks`, stacks),
    );
    return;
  }
  if (base === undefined || more.length > 0) throw new Error(`name one or two commits\n\n${usage}`);
  const from = await checkOut(base);
  try {
    const to = head === undefined ? workingTree : await checkOut(head);
    try {
      const stacks = await reviewBetween(from, to);
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
