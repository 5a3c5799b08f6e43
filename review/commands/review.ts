/** `orrery review`. */
import { writeFileSync } from "node:fs";
import { defineCommand } from "../../cli/command.ts";
import { UsageError } from "../../cli/usage.ts";
import { allResources, compareCommits } from "../compareCommits.ts";
import { checkOut, workingTree } from "../checkout.ts";
import { markdown, summaryLine } from "../report/markdown.ts";
import { page } from "../report/page.ts";

export const command = defineCommand({
  usage: "[BASE] [HEAD]",
  about: `Shows what a change of the code does to every stack, as Markdown. Renders every stack at two commits and prints what differs:
created, changed, replaced and deleted resources, field by field. HEAD is the working tree unless it is given. BASE and HEAD are anything
that git accepts as a commit. Needs no cloud, passphrase or plugin.`,
  options: {
    page: { type: "string", value: "FILE", help: "write the same as one HTML page, a map with the changes in it" },
    map: {
      type: "string",
      value: "FILE",
      help: "without BASE: write that page without changes, the map of the working tree",
    },
  },
  async run({ page: pageFile, map }, [base, head]) {
    if (map !== undefined && base === undefined) {
      const stacks = await allResources(workingTree);
      const resources = stacks.reduce((sum, one) => sum + one.resources.length, 0);
      writeFileSync(map, page("Orrery: all resources", `${resources} resources in ${stacks.length} stacks`, stacks));
      return 0;
    }
    if (base === undefined) throw new UsageError("BASE is missing: name one or two commits");
    const from = await checkOut(base);
    try {
      const to = head === undefined ? workingTree : await checkOut(head);
      try {
        const stacks = await compareCommits(from, to);
        process.stdout.write(markdown(stacks, from.name, to.name));
        if (pageFile !== undefined)
          writeFileSync(pageFile, page(`Orrery: ${from.name} to ${to.name}`, summaryLine(stacks), stacks));
      } finally {
        await to.close();
      }
    } finally {
      await from.close();
    }
    return 0;
  },
});
