/** `npm run review -- BASE [HEAD]`: what a change of the code does, without a cloud, a passphrase or a plugin. */
import { parseArgs } from "node:util";
import { reviewBetween } from "./between.ts";
import { checkOut, workingTree } from "./checkout.ts";
import { markdown } from "./markdown.ts";

const usage = `Usage: npm run --silent review -- BASE [HEAD]

Renders every stack at two commits and prints what differs as Markdown: created, changed, replaced and deleted resources,
field by field. HEAD is the working tree unless it is named. BASE and HEAD are whatever git takes for a commit.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" } },
  });
  const [base, head, ...more] = positionals;
  if (values.help === true) {
    console.log(usage);
    return;
  }
  if (base === undefined || more.length > 0) throw new Error(`name one or two commits\n\n${usage}`);
  const from = await checkOut(base);
  try {
    const to = head === undefined ? workingTree : await checkOut(head);
    try {
      const stacks = await reviewBetween(from, to);
      process.stdout.write(markdown(stacks, from.name, to.name));
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
