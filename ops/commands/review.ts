/** `orrery review`. */
import { writeFileSync } from "node:fs";
import { defineCommand } from "../../cli/command.ts";
import { interruptible } from "../../cli/interrupt.ts";
import { UsageError } from "../../cli/usage.ts";
import { allResources, compareCommits, type StackChanges } from "../../review/compareCommits.ts";
import { checkOut, workingTree } from "../../review/checkout.ts";
import { compareStacks } from "../../review/compareStacks.ts";
import { stacksMarkdown } from "../../review/report/stacks.ts";
import { reviewJson } from "../../review/report/json.ts";
import { markdown, type StackReview, summaryLine } from "../../review/report/markdown.ts";
import type { LiveQuota } from "../../review/liveQuota.ts";
import { jsonOption } from "../lib/options.ts";
import { page } from "../../review/report/page.ts";
import { compareRecorded, recordRenders } from "../../review/renders.ts";

export const command = defineCommand({
  usage: "[BASE] [HEAD]",
  about: `Shows what a change of the code does to every stack, as Markdown. Renders every stack at two commits and prints what differs:
created, changed, replaced and deleted resources, field by field. HEAD is the working tree unless it is given. BASE and HEAD are anything
that git accepts as a commit. Needs no cloud, passphrase or plugin. With --renders it only writes both sides' renders; --from makes the
report of such a file, which may come from anybody: it runs no code of the commits, and no text in it mentions or commands anybody.
With --stacks, BASE and HEAD are two stacks of the working tree, and it shows what differs between them.

--quota also asks the clusters and clouds that the change touches what is left of their quotas, and compares what the change asks for on top.
It uses the logins of this working tree's stack files, so the passphrase; what has no login or does not answer is named and not compared.

--json prints {"base", "head", "stacks", "notes"}; a stack is {"stack", "changes", "moved", "demand", "declaredQuotas", "quota"}, a change
{"operation", "urn", "title", "fields", "risks"}, and quota, with --quota, {"rows", "notCompared"}; a row is {"target", "name", "more", "left"}:
cores, bytes (of clouds: MB and GB) or numbers.`,
  groups: "itself",
  options: {
    page: { type: "string", value: "FILE", help: "write the same as one HTML page, a map with the changes in it" },
    map: {
      type: "string",
      value: "FILE",
      help: "without BASE: write that page without changes, the map of the working tree",
    },
    renders: { type: "string", value: "FILE", help: "write the renders of BASE and HEAD, and no report" },
    from: { type: "string", value: "FILE", help: "without BASE: report on the renders in that file" },
    stack: { type: "string", short: "s", value: "S", help: "only this stack, or those of a pattern, e.g. 'prod*'" },
    quota: { type: "boolean", help: "compare what it asks for with what is left of the real quotas, too" },
    ...jsonOption,
    stacks: { type: "boolean", help: "compare two stacks instead of two commits: review --stacks stage prod" },
  },
  async run({ page: pageFile, map, renders, from: recorded, stack, stacks: twoStacks, quota, json }, [base, head]) {
    if (stack !== undefined && (recorded !== undefined || renders !== undefined || twoStacks))
      throw new UsageError("--stack is for reports on commits, not for --from, --renders or --stacks");
    if (quota && (recorded !== undefined || renders !== undefined || map !== undefined || twoStacks))
      throw new UsageError("--quota is for reports on commits, not for --from, --renders, --map or --stacks");
    if (json && (renders !== undefined || map !== undefined || twoStacks))
      throw new UsageError("--json is for reports on commits, not for --renders, --map or --stacks");
    const modes = { "--from": recorded, "--renders": renders, "--map": map, "--stacks": twoStacks || undefined };
    const chosen = Object.entries(modes).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    if (chosen.length > 1) throw new UsageError(`give only one of ${chosen.join(", ")}`);
    if (pageFile !== undefined && (renders !== undefined || twoStacks))
      throw new UsageError("--page is for reports on commits or of --from, not for --renders or --stacks");
    if (twoStacks) {
      if (base === undefined || head === undefined) throw new UsageError("--stacks needs two stacks, e.g. stage prod");
      process.stdout.write(stacksMarkdown(await compareStacks(base, head)));
      return 0;
    }
    const report = (
      stacks: readonly (StackChanges & Pick<StackReview, "quota">)[],
      [from, to]: readonly [string, string],
      more: { notes?: readonly string[]; untrusted?: boolean } = {},
    ): void => {
      process.stdout.write(json ? `${reviewJson(stacks, from, to, more.notes)}\n` : markdown(stacks, from, to, more));
      if (pageFile !== undefined)
        writeFileSync(pageFile, page(`Orrery: ${from} to ${to}`, summaryLine(stacks), stacks));
    };
    if (recorded !== undefined) {
      if (base !== undefined) throw new UsageError("--from has both sides already: leave out BASE and HEAD");
      const { stacks, base: from, head: to, notes } = await compareRecorded(recorded);
      report(stacks, [from, to], { notes, untrusted: true });
      return 0;
    }
    if (map !== undefined) {
      if (base !== undefined) throw new UsageError("--map is a page without changes: leave out BASE, or give --page");
      if (pageFile !== undefined) throw new UsageError("--map is a page without changes: leave out --page");
      const stacks = await allResources(workingTree, stack);
      const resources = stacks.reduce((sum, one) => sum + one.resources.length, 0);
      const summary = `${resources} resources in ${stacks.length} ${stacks.length === 1 ? "stack" : "stacks"}`;
      writeFileSync(map, page("Orrery: all resources", summary, stacks));
      console.error(`${map} shows ${summary}; open it in a browser`);
      return 0;
    }
    if (base === undefined) throw new UsageError("BASE is missing: name one or two commits");
    await interruptible(async (ending) => {
      const from = await checkOut(base, ending);
      try {
        const to = head === undefined ? { ...workingTree, ending } : await checkOut(head, ending);
        try {
          if (renders !== undefined) writeFileSync(renders, await recordRenders(from, to));
          else {
            const stacks = await compareCommits(from, to, stack);
            report(quota ? await withQuotas(stacks, ending) : stacks, [from.name, to.name]);
          }
        } finally {
          await to.close();
        }
      } finally {
        await from.close();
      }
    });
    return 0;
  },
});

/** Stacks with what their clusters and clouds have left. */
async function withQuotas(
  stacks: readonly StackChanges[],
  end: AbortSignal,
): Promise<readonly (StackChanges & { readonly quota: LiveQuota })[]> {
  const { quotaOfChange } = await import("../lib/quota/ofChange.ts");
  return Promise.all(stacks.map(async (one) => ({ ...one, quota: await quotaOfChange(one.stack, one.changes, end) })));
}
